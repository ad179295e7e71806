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
