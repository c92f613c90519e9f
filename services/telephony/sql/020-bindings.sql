-- Where registered extensions are reached, so that agents can be rung before their next REGISTER after a restart.
CREATE TABLE telephony.bindings (
  extension   text PRIMARY KEY,
  contact_uri text NOT NULL,
  host        text NOT NULL,
  port        integer NOT NULL,
  transport   text NOT NULL,
  expires_at  bigint NOT NULL,
  user_agent  text
);
