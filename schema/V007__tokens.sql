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
