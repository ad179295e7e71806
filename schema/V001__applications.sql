CREATE TABLE node (
    -- One row: who this node is.
    only INTEGER PRIMARY KEY CHECK (only = 1),
    node_id BLOB NOT NULL,
    -- Drawn at init and at each restore: a restored box never passes for the old one.
    epoch BLOB NOT NULL,
    -- The node_seq of the last operation in this epoch.
    last_seq INTEGER NOT NULL
) STRICT;

CREATE TABLE confirmed (
    -- What upstream last said of an application; on an authority, what it decided itself.
    prid TEXT PRIMARY KEY,
    -- Raised by one whenever the content differs.
    rev INTEGER NOT NULL,
    -- The whole application in the spelling of domain::application, unknown members included.
    content TEXT NOT NULL,
    -- SHA-256 of content.
    digest BLOB NOT NULL,
    -- When it was last seen like this, ms UTC.
    seen_at INTEGER NOT NULL,
    -- Since when upstream says that it does not have it, while it does.
    gone_at INTEGER
) STRICT;

CREATE TABLE application (
    -- The view: confirmed with the operations laid over it that it does not cover. Written by
    -- services::perform alone.
    prid TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    language TEXT NOT NULL,
    identity TEXT NOT NULL,
    status TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_by TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    -- The appointment; all four or none.
    center_id TEXT,
    day TEXT,
    starts TEXT,
    ends TEXT,
    booking_rev INTEGER NOT NULL,
    extra TEXT,
    -- Raised by one with every change of the row or its documents.
    version INTEGER NOT NULL,
    CHECK ((center_id IS NULL) = (day IS NULL)
       AND (center_id IS NULL) = (starts IS NULL)
       AND (center_id IS NULL) = (ends IS NULL))
) STRICT;

CREATE INDEX application_by_appointment ON application (center_id, day, starts)
    WHERE center_id IS NOT NULL;

CREATE INDEX application_by_maker ON application (created_by, created_at);

CREATE TABLE alias (
    -- An application made here has the PRID this node drew, and the one central drew for it.
    prid TEXT PRIMARY KEY,
    upstream_prid TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE operation (
    -- What was done here, and its outcome. Rows are settled, never rewritten.
    -- The order in which it was done: the clock may go back meanwhile.
    position INTEGER PRIMARY KEY,
    op_id BLOB NOT NULL UNIQUE,
    epoch BLOB NOT NULL,
    node_seq INTEGER NOT NULL,
    prid TEXT NOT NULL,
    -- The Change of domain::operation.
    change TEXT NOT NULL,
    -- confirmed.rev when it was made; 0 where there was none.
    base INTEGER NOT NULL,
    actor TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    -- Set before it is sent the first time: from then on, unsure means look, not send.
    sent_at INTEGER,
    -- The Outcome of domain::operation; NULL while pending.
    outcome TEXT,
    settled_at INTEGER,
    -- 1 once confirmed has it in it.
    covered INTEGER NOT NULL DEFAULT 0 CHECK (covered IN (0, 1)),
    UNIQUE (epoch, node_seq)
) STRICT;

CREATE INDEX operation_by_application ON operation (prid, position);

CREATE INDEX operation_pending ON operation (prid, position) WHERE outcome IS NULL;
