CREATE INDEX phones_campaign ON :schema:.phones (campaign_id, phone_id);
