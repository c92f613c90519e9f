-- Configured things as they are now.
CREATE TABLE :schema:.directory (
  key   text    NOT NULL UNIQUE,
  kind  text    NOT NULL,
  id    integer NOT NULL,
  entry jsonb   NOT NULL,
  -- Bound whole by the views' joins, which lets the planner leave a join out when its columns are not asked for.
  PRIMARY KEY (kind, id)
);
