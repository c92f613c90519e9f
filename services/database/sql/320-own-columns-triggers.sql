-- repeatable
-- Of what integrators insert; the services write their own columns.
DO $$
DECLARE
  command_table text;
BEGIN
  FOREACH command_table IN ARRAY ARRAY['importar_discador', 'excluir_telefone_campanha', 'gerenciar_campanhas', 'inserir_telefone_campanha',
    'set_status_telefones_campanhas', 'set_status_ramal', 'gerenciar_usuarios', 'alterar_cliente', 'inserir_telefone_black_list', 'remover_telefone_black_list']
  LOOP
    EXECUTE format('DROP TRIGGER IF EXISTS own_columns ON public.%I', command_table);
    EXECUTE format('CREATE TRIGGER own_columns BEFORE INSERT ON public.%I FOR EACH ROW WHEN (current_user = %L) EXECUTE FUNCTION database.own_columns()',
                   command_table, ':role:');
  END LOOP;
END $$;
