CREATE INDEX results_campaign ON :schema:.results (campaign_id, status_id);
