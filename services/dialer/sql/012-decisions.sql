-- The latest sampled pacing decisions of each campaign, as its events tell them.
CREATE TABLE dialer.decisions (
  position    bigint  PRIMARY KEY,
  campaign_id integer NOT NULL,
  at          bigint  NOT NULL,
  start       integer NOT NULL,
  reason      text    NOT NULL,
  inputs      jsonb   NOT NULL
);
CREATE INDEX decisions_campaign ON dialer.decisions (campaign_id, position);
