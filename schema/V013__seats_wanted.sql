ALTER TABLE slot ADD COLUMN
    -- The seats that master data gives it, where more are sold: capacity comes down to them as seats
    -- are given back. Without a value it is the capacity.
    wanted INTEGER CHECK (wanted >= 0);
