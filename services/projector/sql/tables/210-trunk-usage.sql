CREATE TABLE :schema:.trunk_usage (
  trunk_id      integer PRIMARY KEY,
  channels_used integer NOT NULL
) WITH (fillfactor = 50);
