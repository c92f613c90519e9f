-- repeatable
-- SELECT on the views is granted by their owner.
DO $$
BEGIN
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO :role:', current_database());
  GRANT USAGE ON SCHEMA public TO :role:;
  GRANT SELECT, INSERT ON
    public.importar_discador, public.excluir_telefone_campanha, public.gerenciar_campanhas, public.inserir_telefone_campanha,
    public.set_status_telefones_campanhas, public.set_status_ramal, public.gerenciar_usuarios, public.alterar_cliente,
    public.inserir_telefone_black_list, public.remover_telefone_black_list
  TO :role:;
END $$;
