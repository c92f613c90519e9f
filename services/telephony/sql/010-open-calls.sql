CREATE SCHEMA IF NOT EXISTS telephony;

-- Calls on the wire. Written before the INVITE leaves, so that a process that comes after a crash knows what may still
-- ring or talk. A row stays until the call's last fact is stored.
CREATE TABLE telephony.open_calls (
  call_id      text PRIMARY KEY,
  trunk_id     integer NOT NULL,
  node         text NOT NULL,
  placed_at    bigint NOT NULL,
  ring_ms      integer NOT NULL,
  answered_at  bigint,
  identity     jsonb NOT NULL,
  dialog       jsonb,
  agent_dialog jsonb
);
CREATE INDEX open_calls_by_trunk ON telephony.open_calls (trunk_id);
