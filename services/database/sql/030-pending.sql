-- Rows of command tables that are to be carried out. Written in the client's own transaction: what is rolled back never existed.
CREATE TABLE database.pending (
  table_name     text        NOT NULL,
  row_id         bigint      NOT NULL,
  batch_id       bigint      NOT NULL,
  retry_at       timestamptz NOT NULL DEFAULT now(),
  attempts       integer     NOT NULL DEFAULT 0,
  claimed_by     integer,
  claimed_at     timestamptz,
  -- Head of the event store before the first attempt: what the command did, if it did anything, lies behind it.
  began_position text,
  PRIMARY KEY (table_name, row_id)
);
