CREATE SCHEMA IF NOT EXISTS acd;

-- How far each agent's stream was read at the last start, and what it said: a start reads only what came after.
CREATE TABLE acd.agent_snapshots (
  agent_id       integer PRIMARY KEY,
  stream_version integer NOT NULL,
  state          jsonb NOT NULL
);
