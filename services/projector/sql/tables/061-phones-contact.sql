CREATE INDEX phones_contact ON :schema:.phones (contact_id);
