CREATE INDEX results_phone ON :schema:.results (phone);
