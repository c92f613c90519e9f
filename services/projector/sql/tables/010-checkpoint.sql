-- How far the events are in these tables, and what made them. One row.
CREATE TABLE :schema:.checkpoint (
  one        boolean PRIMARY KEY DEFAULT true CHECK (one),
  -- Position of the last event applied.
  position   numeric(20, 0),
  -- When it happened, ms since the epoch.
  at         bigint,
  -- Checksum of the table files and the version of the rules: another one means another projection, so it is rebuilt.
  projection text    NOT NULL,
  -- Changes with every rebuild; a process that remembers another one forgets what it knows.
  generation text    NOT NULL
);
