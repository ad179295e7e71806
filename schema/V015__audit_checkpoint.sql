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
