CREATE INDEX pauses_at ON :schema:.pauses (at);
