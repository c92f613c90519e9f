-- repeatable
-- A careless query must not hurt the dialer. A client may raise its own timeouts: the service's guard ends it all the same.
DO $$
BEGIN
  -- Two processes may start at once, and a role cannot be altered by both.
  PERFORM pg_advisory_xact_lock(7246011);
  ALTER ROLE :role: LOGIN INHERIT CONNECTION LIMIT :connections:;
  BEGIN
    ALTER ROLE :role: NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
    ALTER ROLE :role: SET temp_file_limit = '1GB';
  EXCEPTION WHEN insufficient_privilege THEN
    RAISE WARNING 'only a superuser can limit the temporary files of :role:';
  END;
  ALTER ROLE :role: SET statement_timeout = ':statement_timeout_ms:ms';
  ALTER ROLE :role: SET idle_in_transaction_session_timeout = ':idle_transaction_ms:ms';
  ALTER ROLE :role: SET lock_timeout = '10s';
  ALTER ROLE :role: SET max_parallel_workers_per_gather = 0;
  ALTER ROLE :role: SET work_mem = '4MB';
  ALTER ROLE :role: SET search_path = public;
EXCEPTION WHEN insufficient_privilege THEN
  RAISE WARNING 'the limits of :role: are its administrator''s to set';
END $$;
