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
CREATE TABLE document (
    -- The documents of the view, without their content.
    prid TEXT NOT NULL REFERENCES application (prid) ON DELETE CASCADE,
    document_id TEXT NOT NULL,
    category TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    language TEXT NOT NULL,
    ref_number TEXT,
    extra TEXT,
    -- SHA-256 of the content; NULL while it is still coming.
    digest BLOB,
    size INTEGER,
    -- The order in which the documents are listed.
    position INTEGER NOT NULL,
    PRIMARY KEY (prid, document_id),
    UNIQUE (prid, category)
) STRICT;

CREATE INDEX document_coming ON document (prid) WHERE digest IS NULL;

CREATE TABLE blob (
    digest BLOB PRIMARY KEY,
    size INTEGER NOT NULL
) STRICT;

CREATE TABLE blob_chunk (
    digest BLOB NOT NULL REFERENCES blob (digest) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (digest, position)
) STRICT;

CREATE TABLE blob_holder (
    -- Who needs a content: 'view:PRID', 'confirmed:PRID' or 'operation:ID'. A content that nobody
    -- holds any more is erased.
    holder TEXT NOT NULL,
    digest BLOB NOT NULL REFERENCES blob (digest),
    PRIMARY KEY (holder, digest)
) STRICT, WITHOUT ROWID;

CREATE INDEX blob_holder_by_digest ON blob_holder (digest);
CREATE TABLE slot (
    -- The seats this node sells. Changed together with the operation that books.
    center_id TEXT NOT NULL,
    day TEXT NOT NULL,
    starts TEXT NOT NULL,
    ends TEXT NOT NULL,
    capacity INTEGER NOT NULL CHECK (capacity >= 0),
    sold INTEGER NOT NULL DEFAULT 0 CHECK (sold BETWEEN 0 AND capacity),
    PRIMARY KEY (center_id, day, starts)
) STRICT, WITHOUT ROWID;
CREATE TABLE master (
    -- Master data, replaced only as a whole.
    kind TEXT NOT NULL,
    code TEXT NOT NULL,
    language TEXT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (kind, code, language)
) STRICT, WITHOUT ROWID;

CREATE TABLE master_version (
    -- One row: raised by one with every replacement.
    only INTEGER PRIMARY KEY CHECK (only = 1),
    version INTEGER NOT NULL,
    replaced_at INTEGER NOT NULL
) STRICT;
CREATE TABLE otp (
    -- The last OTP sent to somebody; user is a keyed hash of the user id.
    user BLOB PRIMARY KEY,
    -- A keyed hash of user id and OTP.
    hash BLOB NOT NULL,
    sent_at INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    used INTEGER NOT NULL CHECK (used IN (0, 1)),
    -- How many were sent in the window that began at window_start.
    window_start INTEGER NOT NULL,
    window_count INTEGER NOT NULL,
    -- Until when wrong tries have frozen the key.
    frozen_until INTEGER
) STRICT;
CREATE TABLE listed (
    -- The value last given to clients for a PRID in POST /sync, and of which version of the view:
    -- a client fetches again only when the value grows.
    prid TEXT PRIMARY KEY,
    -- Ms since 1970 of the wall clock that is written out.
    value INTEGER NOT NULL,
    version INTEGER NOT NULL
) STRICT;

CREATE TABLE listing (
    -- What upstream lists for this center, under upstream's PRID.
    prid TEXT PRIMARY KEY,
    -- The values upstream gave last, as texts: they are compared, not read.
    listed TEXT,
    updated TEXT,
    -- The values that belong to what confirmed holds; NULL: nothing was fetched yet.
    fetched_listed TEXT,
    fetched_updated TEXT,
    -- The last list that named it.
    round INTEGER NOT NULL
) STRICT;

CREATE TABLE attempt (
    -- What went wrong last with 'record:PRID', 'document:PRID/ID' or 'operation:ID', and when it is
    -- tried again. A row goes when its subject succeeds.
    subject TEXT PRIMARY KEY,
    attempts INTEGER NOT NULL,
    try_at INTEGER NOT NULL,
    code TEXT,
    sentence TEXT
) STRICT;

CREATE TABLE line (
    -- One row: how the line to upstream stands.
    only INTEGER PRIMARY KEY CHECK (only = 1),
    round INTEGER NOT NULL,
    -- When a round last began; when one last ended with every list and record in; ms UTC.
    tried_at INTEGER,
    complete_at INTEGER,
    -- A sentence, while the last round failed.
    failure TEXT
) STRICT;
CREATE TABLE revoked (
    -- Logins that were ended before their time; token is the SHA-256 of what its signature covers.
    token BLOB PRIMARY KEY CHECK (length(token) = 32),
    -- When it would have ended by itself; the row goes a day later.
    expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE issuer_keys (
    -- One row: the public keys of central's identity provider, as they last came.
    only INTEGER PRIMARY KEY CHECK (only = 1),
    issuer TEXT NOT NULL,
    keys TEXT NOT NULL,
    fetched_at INTEGER NOT NULL
) STRICT;

CREATE INDEX otp_by_age ON otp (sent_at);
CREATE TABLE message (
    -- A notice to a resident. It waits until it has left, is past its use, or was refused for good;
    -- then its content goes at once and the row after some days. It outlives its application: who
    -- deleted one is still told that the appointment is cancelled.
    id INTEGER PRIMARY KEY,
    prid TEXT NOT NULL,
    channel TEXT NOT NULL CHECK (channel IN ('sms', 'email')),
    -- NULL once it is settled.
    recipient TEXT,
    subject TEXT,
    text TEXT,
    made_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    try_at INTEGER NOT NULL,
    -- The start of the appointment that it is about: nobody wants to hear of it later.
    drop_after INTEGER NOT NULL,
    outcome TEXT CHECK (outcome IN ('sent', 'dropped', 'refused')),
    settled_at INTEGER,
    CHECK ((outcome IS NULL) = (settled_at IS NULL)),
    CHECK ((outcome IS NULL) = (recipient IS NOT NULL)),
    CHECK ((outcome IS NULL) = (text IS NOT NULL))
) STRICT;

CREATE INDEX message_waiting ON message (channel, try_at) WHERE outcome IS NULL;
CREATE INDEX message_of_application ON message (prid, made_at);
CREATE INDEX application_of_1_2 ON application (status)
    WHERE status IN ('Application_Incomplete', 'Cancelled', 'Prefetched');
-- A document is looked for by its id alone where a reference number is set.
CREATE INDEX document_by_id ON document (document_id);

CREATE TABLE signing (
    -- One row: what the answers to registration clients are signed with.
    only INTEGER PRIMARY KEY CHECK (only = 1),
    -- An RSA key in PKCS #8.
    key BLOB NOT NULL,
    -- Its certificate in DER: clients check with it.
    certificate BLOB NOT NULL
) STRICT;
CREATE TABLE job (
    -- How each job went so far.
    name TEXT PRIMARY KEY,
    -- When it was last tried, or left out on purpose; ms UTC.
    tried_at INTEGER NOT NULL,
    -- When it last went well: how far the clock has jumped is told from here.
    ran_at INTEGER,
    -- How often it failed since.
    failures INTEGER NOT NULL
) STRICT;

CREATE TABLE processed (
    -- The applications that the registration processor says it has taken over, until they are moved.
    prid TEXT PRIMARY KEY,
    -- When it said so, ms UTC.
    told_at INTEGER NOT NULL
) STRICT;

CREATE TABLE consumed (
    -- What registration has taken over: no service shows it, and its contents are kept by the rules
    -- of retention.
    prid TEXT PRIMARY KEY,
    -- The whole application in the spelling of domain::application.
    content TEXT NOT NULL,
    -- The seat it held and still counts for; all three or none.
    center_id TEXT,
    day TEXT,
    starts TEXT,
    consumed_at INTEGER NOT NULL
) STRICT;

CREATE INDEX application_booked_by_day ON application (day) WHERE status = 'Booked';
CREATE TABLE audit (
    -- Who did what, as a chain: each row's hash covers the row and the hash before it, so that none
    -- can be changed, taken out or put in between without every later hash showing it.
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    -- Such as PRE_407; 'GAP' where records were lost, whose number stands in detail.
    event TEXT NOT NULL,
    module TEXT NOT NULL,
    -- A keyed pseudonym, or 'SYSTEM'.
    actor TEXT NOT NULL,
    -- A keyed pseudonym, a center's id, 'NO_ID' or 'MULTIPLE_ID'.
    subject TEXT NOT NULL,
    -- JSON, without personal data.
    detail TEXT NOT NULL,
    hash BLOB NOT NULL
) STRICT;

CREATE TABLE audit_head (
    -- One row: the last link of the chain. That rows were taken off its end shows by it.
    only INTEGER PRIMARY KEY CHECK (only = 1),
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL
) STRICT;
ALTER TABLE slot ADD COLUMN
    -- The seats that master data gives it, where more are sold: capacity comes down to them as seats
    -- are given back. Without a value it is the capacity.
    wanted INTEGER CHECK (wanted >= 0);
CREATE TABLE relay (
    -- What the registration processor told a center node that it has taken over, until central has
    -- been told too. Central's PRID where it is known.
    prid TEXT PRIMARY KEY,
    -- ms UTC.
    told_at INTEGER NOT NULL
) STRICT;
CREATE TABLE audit_checkpoint (
    -- One row at most: where the trail begins since records were taken off its start.
    only INTEGER PRIMARY KEY CHECK (only = 1),
    -- The last record that was taken away, and its hash, which the first that is left follows.
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL,
    -- When, ms UTC.
    at INTEGER NOT NULL,
    -- The node's signature over these three: a detached JWS.
    signature TEXT NOT NULL
) STRICT;
