CREATE INDEX notes_phone ON :schema:.notes (phone);
