-- The work index: a projection of the contacts' streams. One row is all that a decision needs; what comes next is one
-- indexed read. Dropping the schema is safe: it is rebuilt from the events.
CREATE SCHEMA IF NOT EXISTS dialer;

CREATE SEQUENCE dialer.contact_ids AS integer INCREMENT BY 1000;
CREATE SEQUENCE dialer.phone_ids AS integer INCREMENT BY 1000;

CREATE TABLE dialer.contacts (
  contact_id        integer  PRIMARY KEY,
  campaign_id       integer  NOT NULL,
  -- Version of the stream that `state` is the result of.
  version           integer  NOT NULL,
  state             json     NOT NULL,
  parameter1        text     NOT NULL,
  parameter2        text     NOT NULL,
  -- What is dialed next, ms since the epoch; null when nothing is dialed by itself.
  next_at           bigint,
  -- 0 dial now, 1 callback or another trunk, 2 retry, 3 fresh.
  next_rank         smallint,
  -- Group of numbers that open and close together.
  next_zone         smallint,
  dialing_call      text,
  agent_callback_at bigint,
  agent_callback_by integer
) WITH (fillfactor = 80);

CREATE INDEX contacts_next ON dialer.contacts (campaign_id, next_rank, next_zone, next_at, contact_id) WHERE next_at IS NOT NULL;
CREATE INDEX contacts_urgent ON dialer.contacts (campaign_id, next_rank, next_at) WHERE next_at IS NOT NULL AND next_rank <= 1;
CREATE INDEX contacts_unsettled ON dialer.contacts (campaign_id) WHERE dialing_call IS NOT NULL;
CREATE INDEX contacts_agent_callbacks ON dialer.contacts (agent_callback_at) WHERE agent_callback_at IS NOT NULL;
CREATE INDEX contacts_parameter1 ON dialer.contacts (parameter1, campaign_id);
CREATE INDEX contacts_parameter2 ON dialer.contacts (parameter2, campaign_id);

CREATE TABLE dialer.phones (
  phone_id    integer PRIMARY KEY,
  contact_id  integer NOT NULL,
  campaign_id integer NOT NULL,
  -- Last eight digits: the same telephone with or without area code and leading 9.
  tail        text    NOT NULL
);
CREATE INDEX phones_tail ON dialer.phones (tail);
