CREATE TABLE :schema:.survey_answers (
  id         bigint    PRIMARY KEY,
  survey     text      NOT NULL,
  command    text      NOT NULL,
  sound_file text      NOT NULL,
  question   text      NOT NULL,
  answer     text      NOT NULL,
  queue_name text      NOT NULL,
  agent_id   integer,
  at         timestamp NOT NULL,
  call_id    text      NOT NULL
);
