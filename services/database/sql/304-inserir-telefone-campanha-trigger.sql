CREATE TRIGGER enqueue AFTER INSERT ON public.inserir_telefone_campanha
  REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION database.enqueue();
