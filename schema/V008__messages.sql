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
