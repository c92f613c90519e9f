-- What the campaigns' and contacts' streams say about each campaign.
CREATE TABLE dialer.campaigns (
  campaign_id    integer PRIMARY KEY,
  -- Null until somebody activated or deactivated it: then the configuration's word counts.
  active         boolean,
  attempts       bigint  NOT NULL DEFAULT 0,
  answered       bigint  NOT NULL DEFAULT 0,
  delivered      bigint  NOT NULL DEFAULT 0,
  abandoned      bigint  NOT NULL DEFAULT 0,
  -- Delivered after the grace time: abandoned in the eyes of the rule.
  late           bigint  NOT NULL DEFAULT 0,
  -- Sums over ended attempts: how long they rang, how long delivered ones were up.
  ring_ms        bigint  NOT NULL DEFAULT 0,
  talk_ms        bigint  NOT NULL DEFAULT 0,
  -- Contacts for which something will still be dialed by itself.
  remaining      bigint  NOT NULL DEFAULT 0,
  outcomes       jsonb   NOT NULL DEFAULT '{}',
  by_disposition jsonb   NOT NULL DEFAULT '{}'
);
