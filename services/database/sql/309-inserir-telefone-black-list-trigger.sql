CREATE TRIGGER enqueue AFTER INSERT ON public.inserir_telefone_black_list
  REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION database.enqueue();
