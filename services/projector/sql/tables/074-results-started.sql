CREATE INDEX results_started ON :schema:.results (started_at);
