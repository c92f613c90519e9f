-- Counters, changed by each batch of events by what it changes. Never counted anew.
CREATE TABLE :schema:.campaigns (
  campaign_id     integer PRIMARY KEY,
  -- Null until somebody activated or deactivated it: then the configuration's word counts.
  active          boolean,
  remaining       bigint NOT NULL DEFAULT 0,
  scheduled       bigint NOT NULL DEFAULT 0,
  operator        bigint NOT NULL DEFAULT 0,
  finished        bigint NOT NULL DEFAULT 0,
  open            bigint NOT NULL DEFAULT 0,
  answered        bigint NOT NULL DEFAULT 0,
  no_answer       bigint NOT NULL DEFAULT 0,
  busy            bigint NOT NULL DEFAULT 0,
  retries         bigint NOT NULL DEFAULT 0,
  dialing         bigint NOT NULL DEFAULT 0,
  in_ivr          bigint NOT NULL DEFAULT 0,
  talking         bigint NOT NULL DEFAULT 0,
  queued          bigint NOT NULL DEFAULT 0,
  untouched       bigint NOT NULL DEFAULT 0,
  untabulated     bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
