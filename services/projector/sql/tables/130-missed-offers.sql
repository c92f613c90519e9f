-- Offers that an agent's phone did not answer (TNA).
CREATE TABLE :schema:.missed_offers (
  id         bigint    PRIMARY KEY,
  agent_id   integer   NOT NULL,
  extension  text      NOT NULL,
  agent_name text,
  queue_id   integer   NOT NULL,
  queue_name text,
  duration_s integer   NOT NULL,
  at         timestamp NOT NULL,
  call_id    text      NOT NULL
);
