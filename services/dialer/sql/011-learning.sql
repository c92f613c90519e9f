-- What pacing learns from, kept so that a restart or a changed campaign does not make it forget.

-- The latest attempts of each campaign and the latest wrap-ups of each agent.
CREATE TABLE dialer.recent (
  position    bigint   PRIMARY KEY,
  -- Of an attempt; null of a wrap-up.
  campaign_id integer,
  -- Of a wrap-up; null of an attempt.
  agent_id    integer,
  at          bigint   NOT NULL,
  outcome     text     NOT NULL,
  ring_ms     integer  NOT NULL,
  -- From the answer to the end; of a wrap-up its length.
  took_ms     integer  NOT NULL
);
CREATE INDEX recent_campaign ON dialer.recent (campaign_id, position) WHERE campaign_id IS NOT NULL;
CREATE INDEX recent_agent ON dialer.recent (agent_id, position) WHERE agent_id IS NOT NULL;

-- Answered and abandoned calls by the hour: the window of the abandoned rate. `hour` is ms since the epoch.
CREATE TABLE dialer.campaign_hours (
  campaign_id integer NOT NULL,
  hour        bigint  NOT NULL,
  answered    integer NOT NULL DEFAULT 0,
  machines    integer NOT NULL DEFAULT 0,
  abandoned   integer NOT NULL DEFAULT 0,
  PRIMARY KEY (campaign_id, hour)
);

-- Calls of each trunk and day that ended, and those of them that were short. `day` is ms since the epoch at which it begins.
CREATE TABLE dialer.trunk_days (
  trunk_id integer NOT NULL,
  day      bigint  NOT NULL,
  calls    integer NOT NULL DEFAULT 0,
  short    integer NOT NULL DEFAULT 0,
  PRIMARY KEY (trunk_id, day)
);
