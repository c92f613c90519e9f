-- Agents as they are now. One that has never been seen has no row: logged out, its phone unreachable.
CREATE TABLE :schema:.agents (
  agent_id     integer PRIMARY KEY,
  status_id    integer NOT NULL,
  phone_status smallint NOT NULL,
  -- The call that it is in.
  call_id      text
) WITH (fillfactor = 50);
