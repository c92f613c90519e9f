-- What is counted of a contact's phones is kept here, so that a contact that finishes is one change of the campaign's counters.
CREATE TABLE :schema:.contacts (
  contact_id         integer   PRIMARY KEY,
  campaign_id        integer   NOT NULL,
  parameters         text[]    NOT NULL,
  imported_at        timestamp NOT NULL,
  -- False: no number of it was ever dialed.
  dialed             boolean   NOT NULL,
  -- Null while it is open; disposition, exhausted or excluded.
  finished           text,
  phones_pending     smallint  NOT NULL,
  phones_retry       smallint  NOT NULL,
  phones_scheduled   smallint  NOT NULL,
  phones_operator    smallint  NOT NULL,
  phones_untabulated smallint  NOT NULL
) WITH (fillfactor = 85);
