-- Manual 1.3.1.21.
CREATE VIEW public.resultados_ura_pesquisa AS
SELECT a.id,
       a.survey AS ura_pesquisa,
       a.command AS comando,
       a.sound_file AS arquivo,
       a.question AS pergunta,
       a.answer AS resposta,
       a.queue_name AS grupo_atendimento,
       a.agent_id AS id_usuario,
       a.at AS data,
       a.call_id AS uniqueid
  FROM :schema:.survey_answers a;

COMMENT ON VIEW public.resultados_ura_pesquisa IS '1.3.1.21 Respostas das URAs de pesquisa.';
COMMENT ON COLUMN public.resultados_ura_pesquisa.id IS 'Código do resultado.';
COMMENT ON COLUMN public.resultados_ura_pesquisa.ura_pesquisa IS 'Nome da URA de pesquisa.';
COMMENT ON COLUMN public.resultados_ura_pesquisa.comando IS 'Nome do comando.';
COMMENT ON COLUMN public.resultados_ura_pesquisa.arquivo IS 'Arquivo de som utilizado.';
COMMENT ON COLUMN public.resultados_ura_pesquisa.pergunta IS 'Pergunta.';
COMMENT ON COLUMN public.resultados_ura_pesquisa.resposta IS 'Resposta.';
COMMENT ON COLUMN public.resultados_ura_pesquisa.grupo_atendimento IS 'Nome do grupo de atendimento associado.';
COMMENT ON COLUMN public.resultados_ura_pesquisa.id_usuario IS 'Código do usuário.';
COMMENT ON COLUMN public.resultados_ura_pesquisa.data IS 'Data em que o resultado foi criado.';
COMMENT ON COLUMN public.resultados_ura_pesquisa.uniqueid IS 'Código único da ligação.';
