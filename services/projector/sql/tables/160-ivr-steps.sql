CREATE TABLE :schema:.ivr_steps (
  id         bigint    PRIMARY KEY,
  call_id    text      NOT NULL,
  ivr_id     integer   NOT NULL,
  ivr_name   text      NOT NULL,
  command    text      NOT NULL,
  sound_file text      NOT NULL,
  option     text      NOT NULL,
  duration_s integer   NOT NULL,
  at         timestamp NOT NULL
);
