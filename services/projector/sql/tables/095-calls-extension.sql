CREATE INDEX calls_extension ON :schema:.calls (extension) WHERE extension IS NOT NULL;
