-- Bad lines, the first ten thousand of an import; the rest is only counted.
CREATE TABLE mailing.rejections (
  import_id   bigint NOT NULL REFERENCES mailing.imports ON DELETE CASCADE,
  line        bigint NOT NULL,
  -- The field's name in the layout; null when it is the line as a whole.
  column_name text,
  reason      text   NOT NULL,
  PRIMARY KEY (import_id, line)
);
