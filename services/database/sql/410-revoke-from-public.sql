-- repeatable
-- What every user of PostgreSQL may do without being asked, and an integrator need not.
DO $$
DECLARE
  routine record;
BEGIN
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
  REVOKE ALL ON SCHEMA public FROM PUBLIC;
  BEGIN
    REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC;
  EXCEPTION WHEN insufficient_privilege THEN
    RAISE WARNING 'PUBLIC may still use plpgsql';
  END;
  FOR routine IN
    SELECT p.oid::regprocedure AS signature
      FROM pg_proc p
     WHERE p.pronamespace = 'pg_catalog'::regnamespace
       AND (p.proname ~ '^(pg_sleep|lo_|pg_advisory|pg_try_advisory|pg_cancel_backend|pg_terminate_backend|pg_export_snapshot|pg_logical_|pg_replication_|pg_create_|pg_copy_|pg_drop_replication|pg_sync_replication|pg_import_|pg_(clear|restore)_(attribute|relation)|brin_(de)?summarize|gin_clean)'
            OR p.proname IN ('loread', 'lowrite', 'pg_notify', 'ts_stat', 'query_to_xml', 'cursor_to_xml', 'query_to_xmlschema', 'cursor_to_xmlschema', 'table_to_xml', 'schema_to_xml', 'database_to_xml',
                             'query_to_xml_and_xmlschema', 'table_to_xml_and_xmlschema', 'schema_to_xml_and_xmlschema', 'database_to_xml_and_xmlschema'))
  LOOP
    BEGIN
      EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', routine.signature);
    EXCEPTION WHEN insufficient_privilege THEN
      -- A database of somebody else's, where this installation is no superuser: its administrator has to.
      RAISE WARNING 'PUBLIC may still execute %', routine.signature;
    END;
  END LOOP;
END $$;
