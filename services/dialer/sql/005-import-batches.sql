-- Ids set aside for a batch of an import before its contacts are written: the batch that is sent again gets the same ones, finds their
-- streams there, and makes no contact twice. Ranges: first, count, first, count, …
CREATE TABLE dialer.import_batches (
  import_id      text    NOT NULL,
  batch          integer NOT NULL,
  contact_ranges integer[] NOT NULL,
  phone_ranges   integer[] NOT NULL,
  at             timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (import_id, batch)
);
CREATE INDEX import_batches_at ON dialer.import_batches (at);
