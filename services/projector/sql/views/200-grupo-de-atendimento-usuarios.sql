-- Manual 1.3.1.26.
CREATE VIEW public.grupo_de_atendimento_usuarios AS
SELECT (m.member->>'agentId')::integer AS usuario_id,
       q.id AS grupo_de_atendimento_id
  FROM :schema:.directory q
 CROSS JOIN LATERAL jsonb_array_elements(q.entry->'members') AS m (member)
 WHERE q.kind = 'queue' AND NOT q.removed;

COMMENT ON VIEW public.grupo_de_atendimento_usuarios IS '1.3.1.26 Usuários de cada grupo de atendimento.';
COMMENT ON COLUMN public.grupo_de_atendimento_usuarios.usuario_id IS 'Usuário.';
COMMENT ON COLUMN public.grupo_de_atendimento_usuarios.grupo_de_atendimento_id IS 'Grupo de atendimento.';
