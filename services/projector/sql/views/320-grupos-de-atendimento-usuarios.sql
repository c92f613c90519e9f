-- Manual 1.3.1.26.
CREATE VIEW public.grupos_de_atendimento_usuarios AS
SELECT v.usuario_id,
       v.grupo_de_atendimento_id
  FROM public.grupo_de_atendimento_usuarios v;

COMMENT ON VIEW public.grupos_de_atendimento_usuarios IS '1.3.1.26 O mesmo que grupo_de_atendimento_usuarios: o manual escreve os dois.';
COMMENT ON COLUMN public.grupos_de_atendimento_usuarios.usuario_id IS 'Usuário.';
COMMENT ON COLUMN public.grupos_de_atendimento_usuarios.grupo_de_atendimento_id IS 'Grupo de atendimento.';
