-- One row per stay of an agent in a status, written when it ends.
CREATE TABLE :schema:.pauses (
  id         bigint    PRIMARY KEY,
  agent_id   integer   NOT NULL,
  extension  text      NOT NULL,
  status_id  integer   NOT NULL,
  at         timestamp NOT NULL,
  duration_s integer   NOT NULL
);
