CREATE TABLE :schema:.notes (
  id          bigint    PRIMARY KEY,
  campaign_id integer   NOT NULL,
  contact_id  integer   NOT NULL,
  phone       text,
  extension   text      NOT NULL,
  at          timestamp NOT NULL,
  text        text      NOT NULL
);
