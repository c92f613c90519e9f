CREATE TRIGGER enqueue AFTER INSERT ON public.set_status_telefones_campanhas
  REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION database.enqueue();
