-- Manual 1.3.1.2.1.
CREATE VIEW public.ura_logs AS
SELECT s.call_id AS uniqueid,
       s.ivr_id AS id_ura,
       s.ivr_name AS nome_ura,
       s.command AS comando_ura,
       s.sound_file AS arquivo_de_som,
       s.option AS opcao,
       s.duration_s AS duracao,
       s.at AS data
  FROM :schema:.ivr_steps s;

COMMENT ON VIEW public.ura_logs IS '1.3.1.2.1 Comandos de URA por que as ligações passaram.';
COMMENT ON COLUMN public.ura_logs.uniqueid IS 'Código único da ligação.';
COMMENT ON COLUMN public.ura_logs.id_ura IS 'Código da URA.';
COMMENT ON COLUMN public.ura_logs.nome_ura IS 'Nome da URA.';
COMMENT ON COLUMN public.ura_logs.comando_ura IS 'Comando executado.';
COMMENT ON COLUMN public.ura_logs.arquivo_de_som IS 'Arquivo de som executado.';
COMMENT ON COLUMN public.ura_logs.opcao IS 'Opção digitada pelo cliente.';
COMMENT ON COLUMN public.ura_logs.duracao IS 'Segundos que a ligação permaneceu no comando.';
COMMENT ON COLUMN public.ura_logs.data IS 'Data da ligação.';
