CREATE INDEX contacts_campaign ON :schema:.contacts (campaign_id);
