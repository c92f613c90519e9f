-- Calls of a queue per half-hour, below and above its service level.
CREATE TABLE :schema:.service_levels (
  key             text    PRIMARY KEY,
  queue_id        integer NOT NULL,
  day             date    NOT NULL,
  -- 0 to 47.
  half_hour       smallint NOT NULL,
  threshold_s     integer NOT NULL,
  answered_below  integer NOT NULL,
  answered_above  integer NOT NULL,
  abandoned_below integer NOT NULL,
  abandoned_above integer NOT NULL
) WITH (fillfactor = 50);
