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
