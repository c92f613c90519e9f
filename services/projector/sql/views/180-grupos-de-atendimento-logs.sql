-- Manual 1.3.1.24.
CREATE VIEW public.grupos_de_atendimento_logs AS
SELECT l.id,
       l.queue_id AS id_grupo_de_atendimento,
       l.wait_s AS tempo_em_espera,
       l.talk_s AS duracao,
       l.campaign_id AS id_campanha,
       l.agent_id AS id_usuario,
       l.number AS numero_origem,
       l.at AS data,
       l.call_id AS uniqueid
  FROM :schema:.queue_logs l
 WHERE l.queue_id IS NOT NULL;

COMMENT ON VIEW public.grupos_de_atendimento_logs IS '1.3.1.24 Passagens das ligações pelos grupos de atendimento.';
COMMENT ON COLUMN public.grupos_de_atendimento_logs.id IS 'Código do registro.';
COMMENT ON COLUMN public.grupos_de_atendimento_logs.id_grupo_de_atendimento IS 'Grupo de atendimento.';
COMMENT ON COLUMN public.grupos_de_atendimento_logs.tempo_em_espera IS 'Segundos em espera no grupo.';
COMMENT ON COLUMN public.grupos_de_atendimento_logs.duracao IS 'Segundos de ligação com o operador; nulo enquanto ela dura, 0 quando ninguém atendeu.';
COMMENT ON COLUMN public.grupos_de_atendimento_logs.id_campanha IS 'Campanha, quando a ligação é do discador.';
COMMENT ON COLUMN public.grupos_de_atendimento_logs.id_usuario IS 'Usuário que atendeu; nulo quando ninguém atendeu.';
COMMENT ON COLUMN public.grupos_de_atendimento_logs.numero_origem IS 'Número do cliente.';
COMMENT ON COLUMN public.grupos_de_atendimento_logs.data IS 'Data em que o log foi gerado.';
COMMENT ON COLUMN public.grupos_de_atendimento_logs.uniqueid IS 'Código único da ligação.';
