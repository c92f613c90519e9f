CREATE INDEX notes_contact ON :schema:.notes (contact_id);
