-- One row per call and agent's leg, or per call that was abandoned in a queue.
CREATE TABLE :schema:.queue_logs (
  key         text      PRIMARY KEY,
  -- Null while only the end of the leg is known.
  id          bigint    UNIQUE,
  queue_id    integer,
  wait_s      integer,
  talk_s      integer,
  campaign_id integer,
  agent_id    integer,
  number      text,
  at          timestamp,
  call_id     text      NOT NULL
) WITH (fillfactor = 85);
