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
