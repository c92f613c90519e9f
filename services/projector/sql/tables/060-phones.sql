CREATE TABLE :schema:.phones (
  phone_id     integer   PRIMARY KEY,
  contact_id   integer   NOT NULL,
  campaign_id  integer   NOT NULL,
  -- Area code and number.
  phone        text      NOT NULL,
  priority     smallint  NOT NULL,
  imported_at  timestamp NOT NULL,
  -- fresh: never dialed. refused: never dialed, and will not be by itself. retry: dialed, and will be again. worked: nothing more
  -- by itself. excluded.
  state        text      NOT NULL,
  status_id    integer,
  -- When it is scheduled to be dialed, or its agent to be warned.
  dial_at      timestamp,
  operator_at  timestamp,
  last_call_id text
) WITH (fillfactor = 85);
