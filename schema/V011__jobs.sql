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
