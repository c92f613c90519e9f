CREATE INDEX calls_to ON :schema:.calls (to_number);
