-- repeatable
-- What the system fills is the system's, whatever a client writes there: tools that write every column (ODBC, some ORMs) put NULL into
-- criado_em, and the row would stay for ever, or into id and executado, and the INSERT would fail. Times are the installation's, not the session's.
CREATE OR REPLACE FUNCTION database.own_columns() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  moment timestamp := timezone((SELECT time_zone FROM database.clock), now());
BEGIN
  IF NEW.id IS NULL THEN
    NEW.id := nextval(pg_get_serial_sequence(format('public.%I', TG_TABLE_NAME), 'id'));
  ELSIF NEW.id NOT BETWEEN 1 AND 9007199254740991 THEN
    RAISE EXCEPTION 'id: de 1 a 9007199254740991' USING ERRCODE = 'numeric_value_out_of_range';
  END IF;
  -- Longer than any line of a list; a message of the bus has to hold many.
  IF octet_length(NEW::text) > 65536 THEN
    RAISE EXCEPTION 'linha longa demais: no máximo 64 KB' USING ERRCODE = 'program_limit_exceeded';
  END IF;
  CASE TG_TABLE_NAME
    WHEN 'importar_discador' THEN
      NEW.criado_em := NULL;
      NEW.mensagem := NULL;
    WHEN 'excluir_telefone_campanha' THEN
      NEW.executado := false;
      NEW.data := moment;
    WHEN 'gerenciar_campanhas' THEN
      NEW.data := moment;
    WHEN 'inserir_telefone_campanha' THEN
      NEW.message := NULL;
    WHEN 'set_status_telefones_campanhas', 'alterar_cliente' THEN
      NEW.mensagem := NULL;
    WHEN 'set_status_ramal' THEN
      NEW.message := NULL;
      NEW.created_at := moment;
    WHEN 'gerenciar_usuarios' THEN
      NEW.mensagem := NULL;
      NEW.executado := false;
      NEW.criado_em := moment;
      NEW.atualizado_em := moment;
    WHEN 'inserir_telefone_black_list', 'remover_telefone_black_list' THEN
      NEW.mensagem := NULL;
      NEW.criado_em := moment;
      NEW.atualizado_em := moment;
  END CASE;
  RETURN NEW;
END $$;
