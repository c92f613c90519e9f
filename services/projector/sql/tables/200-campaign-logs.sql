CREATE TABLE :schema:.campaign_logs (
  id          bigint    PRIMARY KEY,
  campaign_id integer   NOT NULL,
  extension   text,
  description text      NOT NULL,
  at          timestamp NOT NULL
);
