CREATE INDEX notes_campaign ON :schema:.notes (campaign_id);
