-- repeatable
-- The integrators' user. Its password and time zone are set at the start of the service.
DO $$
BEGIN
  CREATE ROLE :role: NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
