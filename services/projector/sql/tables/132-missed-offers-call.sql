CREATE INDEX missed_offers_call ON :schema:.missed_offers (call_id);
