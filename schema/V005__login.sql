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
