CREATE TABLE :schema:.part_health (
  name   text   PRIMARY KEY,
  id     bigint NOT NULL,
  status text   NOT NULL
) WITH (fillfactor = 50);
