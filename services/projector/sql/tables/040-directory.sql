-- Configured things as they are now, and the names of those that were removed: results of last month still show theirs.
CREATE TABLE :schema:.directory (
  key   text    NOT NULL UNIQUE,
  kind  text    NOT NULL,
  id    integer NOT NULL,
  entry jsonb   NOT NULL,
  removed boolean NOT NULL,
  -- Bound whole by the views' joins, which lets the planner leave a join out when its columns are not asked for.
  PRIMARY KEY (kind, id)
);
