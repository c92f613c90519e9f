-- Every call, of campaigns, of agents and from outside.
CREATE TABLE :schema:.calls (
  call_id         text      PRIMARY KEY,
  id              bigint    NOT NULL UNIQUE,
  -- campaign, agent, inbound or internal.
  direction       text      NOT NULL,
  from_number     text      NOT NULL,
  to_number       text      NOT NULL,
  placed_at       timestamp NOT NULL,
  ended           boolean   NOT NULL,
  duration_s      integer   NOT NULL,
  billing_s       integer   NOT NULL,
  -- ANSWERED, BUSY, NO ANSWER.
  status          text      NOT NULL,
  agent_id        integer,
  extension       text,
  campaign_id     integer,
  contact_id      integer,
  route_id        integer,
  trunk_id        integer   NOT NULL,
  kind            text      NOT NULL,
  branch          text,
  cost            double precision NOT NULL,
  cost_total      double precision NOT NULL,
  cost_rounded    double precision NOT NULL,
  billing_rounded integer   NOT NULL,
  -- True: the agent hung up.
  by_agent        boolean   NOT NULL,
  -- The agent's leg as queue_logs knows it, and when it began, ms since the epoch: a call that a crash cut has no end of it.
  leg_id          text,
  leg_at          bigint,
  -- The queue that it waits in, and since when, ms since the epoch.
  queue_id        integer,
  queued_at       bigint
) WITH (fillfactor = 85);
