CREATE INDEX calls_from ON :schema:.calls (from_number) WHERE direction = 'inbound';
