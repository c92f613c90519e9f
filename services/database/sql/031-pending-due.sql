CREATE INDEX pending_due ON database.pending (table_name, batch_id, row_id);
