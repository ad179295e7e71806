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
