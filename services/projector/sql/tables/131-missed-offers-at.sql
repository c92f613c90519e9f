CREATE INDEX missed_offers_at ON :schema:.missed_offers (at);
