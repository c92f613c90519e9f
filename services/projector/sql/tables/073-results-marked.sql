CREATE INDEX results_marked ON :schema:.results (marked_at);
