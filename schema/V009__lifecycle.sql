CREATE INDEX application_of_1_2 ON application (status)
    WHERE status IN ('Application_Incomplete', 'Cancelled', 'Prefetched');
