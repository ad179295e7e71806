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
