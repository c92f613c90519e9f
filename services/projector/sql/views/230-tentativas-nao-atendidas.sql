-- Manual 1.3.1.30.
CREATE VIEW public.tentativas_nao_atendidas AS
SELECT m.id,
       m.agent_id AS id_usuario,
       m.extension AS ramal,
       m.agent_name AS nome_usuario,
       m.queue_id AS id_grupo_atendimento,
       m.queue_name AS nome_grupo_atendimento,
       m.duration_s AS duracao,
       m.at AS data,
       m.call_id AS uniqueid
  FROM :schema:.missed_offers m;

COMMENT ON VIEW public.tentativas_nao_atendidas IS '1.3.1.30 TNA: ofertas que o telefone do operador não atendeu.';
COMMENT ON COLUMN public.tentativas_nao_atendidas.id IS 'Código do registro.';
COMMENT ON COLUMN public.tentativas_nao_atendidas.id_usuario IS 'Usuário.';
COMMENT ON COLUMN public.tentativas_nao_atendidas.ramal IS 'Ramal do usuário.';
COMMENT ON COLUMN public.tentativas_nao_atendidas.nome_usuario IS 'Nome do usuário.';
COMMENT ON COLUMN public.tentativas_nao_atendidas.id_grupo_atendimento IS 'Grupo de atendimento.';
COMMENT ON COLUMN public.tentativas_nao_atendidas.nome_grupo_atendimento IS 'Nome do grupo de atendimento.';
COMMENT ON COLUMN public.tentativas_nao_atendidas.duracao IS 'Segundos que o telefone tocou.';
COMMENT ON COLUMN public.tentativas_nao_atendidas.data IS 'Quando o telefone do operador começou a tocar.';
COMMENT ON COLUMN public.tentativas_nao_atendidas.uniqueid IS 'Identificador único da ligação.';
