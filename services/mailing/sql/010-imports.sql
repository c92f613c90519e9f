-- Imports of list files: what is being read, how far it has come, what came of it. How far is written only after the contacts up to
-- there are durable, and a batch that is sent twice makes no contact twice, so an import that is cut goes on where it was.
CREATE SCHEMA IF NOT EXISTS mailing;

CREATE TABLE mailing.imports (
  import_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  campaign_id    integer NOT NULL,
  name           text    NOT NULL,
  -- SHA-256 of the file. The same file under the same name to the same campaign is the same import.
  digest         text    NOT NULL,
  -- Our own copy of the file, below the folder of imports; it goes when the import has ended.
  copy           text    NOT NULL,
  by             json    NOT NULL,
  state          text    NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done', 'failed')),
  -- Why it failed.
  reason         text,
  total_bytes    bigint  NOT NULL,
  -- Everything before this byte is done; it is the beginning of a line.
  position_bytes bigint  NOT NULL DEFAULT 0,
  -- Number of the last line before it, and of the batches sent.
  last_line      bigint  NOT NULL DEFAULT 0,
  batches        integer NOT NULL DEFAULT 0,
  -- Lines that were not empty.
  lines          bigint  NOT NULL DEFAULT 0,
  imported       bigint  NOT NULL DEFAULT 0,
  rejected       bigint  NOT NULL DEFAULT 0,
  -- Time spent on it, without the time it lay still.
  busy_ms        bigint  NOT NULL DEFAULT 0,
  -- How often it was taken up again after a stop or a crash.
  resumed        integer NOT NULL DEFAULT 0,
  begun_at       timestamptz NOT NULL,
  ended_at       timestamptz
);
CREATE INDEX imports_same ON mailing.imports (campaign_id, digest, name);
CREATE INDEX imports_running ON mailing.imports (import_id) WHERE state = 'running';
