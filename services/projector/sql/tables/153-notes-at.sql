CREATE INDEX notes_at ON :schema:.notes (at);
