-- repeatable
-- A careless query must not hurt the dialer. What the role's sessions begin with is looked after by the service (role-keeper.ts).
DO $$
BEGIN
  -- Two processes may start at once, and a role cannot be altered by both.
  PERFORM pg_advisory_xact_lock(7246011);
  ALTER ROLE :role: LOGIN INHERIT CONNECTION LIMIT :connections:;
  BEGIN
    ALTER ROLE :role: NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
  EXCEPTION WHEN insufficient_privilege THEN
    RAISE WARNING 'the attributes of :role: are a superuser''s to take away';
  END;
EXCEPTION WHEN insufficient_privilege THEN
  RAISE WARNING 'the limits of :role: are its administrator''s to set';
END $$;
