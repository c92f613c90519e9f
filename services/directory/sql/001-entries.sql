-- The configured things as their streams last left them: a projection, so that a start reads one table instead of the whole log.
-- Dropping it is safe: an empty table is rebuilt from the event store.
CREATE SCHEMA IF NOT EXISTS directory;

CREATE TABLE directory.entries (
  kind    text    NOT NULL,
  id      integer NOT NULL,
  -- -1: the put was announced, and its event may or may not have been stored. The stream decides at the next start.
  version integer NOT NULL,
  -- Null: removed.
  entry   jsonb,
  PRIMARY KEY (kind, id)
);

-- The highest id handed out per kind. Ids of removed things are not handed out again.
CREATE TABLE directory.last_ids (
  kind text    PRIMARY KEY,
  last integer NOT NULL
);
