-- Manual 1.3.1.27.
CREATE VIEW public.grupos_de_atendimento_usuarios_status AS
SELECT v.nome_grupo_de_atendimento,
       v.nome_usuario,
       v.ramal,
       v.status_usuario,
       v.status_telefone
  FROM public.grupo_de_atendimento_usuarios_status v;

COMMENT ON VIEW public.grupos_de_atendimento_usuarios_status IS '1.3.1.27 O mesmo que grupo_de_atendimento_usuarios_status: o manual escreve os dois.';
COMMENT ON COLUMN public.grupos_de_atendimento_usuarios_status.nome_grupo_de_atendimento IS 'Nome do grupo de atendimento.';
COMMENT ON COLUMN public.grupos_de_atendimento_usuarios_status.nome_usuario IS 'Nome do usuário.';
COMMENT ON COLUMN public.grupos_de_atendimento_usuarios_status.ramal IS 'Ramal do usuário.';
COMMENT ON COLUMN public.grupos_de_atendimento_usuarios_status.status_usuario IS 'Status atual do usuário.';
COMMENT ON COLUMN public.grupos_de_atendimento_usuarios_status.status_telefone IS 'Status atual do telefone do usuário.';
