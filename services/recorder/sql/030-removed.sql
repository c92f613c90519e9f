-- The row stays when the file goes, so that a number of a recording is never given to another one.
ALTER TABLE recorder.parts ADD COLUMN removed_at timestamptz;
CREATE INDEX parts_by_age ON recorder.parts (stored_at) WHERE removed_at IS NULL;
