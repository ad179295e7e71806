CREATE TABLE slot (
    -- The seats this node sells. Changed together with the operation that books.
    center_id TEXT NOT NULL,
    day TEXT NOT NULL,
    starts TEXT NOT NULL,
    ends TEXT NOT NULL,
    capacity INTEGER NOT NULL CHECK (capacity >= 0),
    sold INTEGER NOT NULL DEFAULT 0 CHECK (sold BETWEEN 0 AND capacity),
    PRIMARY KEY (center_id, day, starts)
) STRICT, WITHOUT ROWID;
