-- One row per attempt, from its intent on.
CREATE TABLE :schema:.results (
  call_id     text      PRIMARY KEY,
  id          bigint    NOT NULL UNIQUE,
  campaign_id integer   NOT NULL,
  contact_id  integer   NOT NULL,
  phone_id    integer   NOT NULL,
  phone       text      NOT NULL,
  trunk_id    integer   NOT NULL,
  route_id    integer   NOT NULL,
  -- Latest disposition and when it was marked.
  status_id   integer   NOT NULL,
  marked_at   timestamp NOT NULL,
  -- An agent or an integrator said what it was; what the wire says later does not count.
  tabulated   boolean   NOT NULL,
  started_at  timestamp NOT NULL,
  ended_at    timestamp,
  -- dialing, ivr, queue, talking, ended.
  phase       text      NOT NULL,
  answered    boolean   NOT NULL,
  outcome     text,
  agent_id    integer,
  extension   text,
  bill_ms     bigint    NOT NULL,
  dial_at     timestamp,
  operator_at timestamp
) WITH (fillfactor = 85, autovacuum_vacuum_insert_scale_factor = 0.02);
