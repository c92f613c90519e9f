CREATE INDEX calls_placed ON :schema:.calls (placed_at);
