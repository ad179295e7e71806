CREATE TABLE relay (
    -- What the registration processor told a center node that it has taken over, until central has
    -- been told too. Central's PRID where it is known.
    prid TEXT PRIMARY KEY,
    -- ms UTC.
    told_at INTEGER NOT NULL
) STRICT;
