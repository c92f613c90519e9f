CREATE INDEX phones_phone ON :schema:.phones (phone);
