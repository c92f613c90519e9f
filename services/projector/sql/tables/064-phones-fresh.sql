CREATE INDEX phones_fresh ON :schema:.phones (campaign_id, contact_id) WHERE state IN ('fresh', 'refused');
