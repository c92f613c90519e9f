-- repeatable
-- Runs with its owner's rights: clients have none on this schema.
CREATE OR REPLACE FUNCTION database.enqueue() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  batch bigint := nextval('database.batch_ids');
BEGIN
  INSERT INTO database.pending (table_name, row_id, batch_id) SELECT TG_TABLE_NAME, id, batch FROM fresh;
  PERFORM pg_notify('ritmo_commands', TG_TABLE_NAME);
  RETURN NULL;
END $$;
