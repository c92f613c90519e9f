-- Agents as they are now. One that has never been seen has no row: logged out, its phone unreachable.
CREATE TABLE :schema:.agents (
  agent_id     integer PRIMARY KEY,
  status_id    integer NOT NULL,
  phone_status smallint NOT NULL,
  -- The calls that it is in, the one that it began or took last at the end: a consultation ends before the call that it is about.
  calls        text[]  NOT NULL
) WITH (fillfactor = 50);
