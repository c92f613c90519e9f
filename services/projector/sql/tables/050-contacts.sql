-- What is counted of a contact's phones is kept here, so that a contact that finishes is one change of the campaign's counters.
CREATE TABLE :schema:.contacts (
  contact_id         integer   PRIMARY KEY,
  campaign_id        integer   NOT NULL,
  parameters         text[]    NOT NULL,
  -- Columns of their own: an array's element is not strict in the planner's eyes, so a filter on it could not turn the views'
  -- outer join into an inner one and use the index.
  parameter1         text GENERATED ALWAYS AS (parameters[1]) STORED,
  parameter2         text GENERATED ALWAYS AS (parameters[2]) STORED,
  parameter3         text GENERATED ALWAYS AS (parameters[3]) STORED,
  parameter4         text GENERATED ALWAYS AS (parameters[4]) STORED,
  imported_at        timestamp NOT NULL,
  -- False: no number of it was ever dialed.
  dialed             boolean   NOT NULL,
  -- Null while it is open; disposition, exhausted or excluded.
  finished           text,
  -- Its agent was told of a callback and nobody has said what came of it.
  awaits_agent       boolean   NOT NULL,
  -- Those that are not excluded. A contact without any is no client of the campaign any more.
  phones_listed      smallint  NOT NULL,
  phones_pending     smallint  NOT NULL,
  phones_retry       smallint  NOT NULL,
  phones_scheduled   smallint  NOT NULL,
  phones_operator    smallint  NOT NULL,
  phones_untabulated smallint  NOT NULL
) WITH (fillfactor = 85);
