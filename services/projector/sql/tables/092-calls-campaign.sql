CREATE INDEX calls_campaign ON :schema:.calls (campaign_id) WHERE campaign_id IS NOT NULL;
