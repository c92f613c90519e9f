CREATE TABLE events.events (
  position  bigint   PRIMARY KEY,
  stream_id text     COLLATE "C" NOT NULL,
  version   integer  NOT NULL,
  type      text     COLLATE "C" NOT NULL,
  schema    smallint NOT NULL,
  -- json and not jsonb: what was appended comes back to the letter, and nothing here looks inside.
  data      json     NOT NULL,
  at        bigint   NOT NULL,
  -- The check of the expected version reads it; were the append lock ever lost, it would still refuse the second writer.
  UNIQUE (stream_id, version)
) WITH (fillfactor = 100);
