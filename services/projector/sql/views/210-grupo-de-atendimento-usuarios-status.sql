-- Manual 1.3.1.27.
CREATE VIEW public.grupo_de_atendimento_usuarios_status AS
SELECT q.entry->>'name' AS nome_grupo_de_atendimento,
       u.entry->>'name' AS nome_usuario,
       u.entry->>'extension' AS ramal,
       s.entry->>'name' AS status_usuario,
       CASE COALESCE(a.phone_status, 4) WHEN 0 THEN 'Livre' WHEN 4 THEN 'Desconectado' WHEN 8 THEN 'Tocando' ELSE 'Ocupado' END AS status_telefone
  FROM :schema:.directory q
 CROSS JOIN LATERAL jsonb_array_elements(q.entry->'members') AS m (member)
  JOIN :schema:.directory u ON u.kind = 'agent' AND u.id = (m.member->>'agentId')::integer AND NOT u.removed
  LEFT JOIN :schema:.agents a ON a.agent_id = u.id
  LEFT JOIN :schema:.directory s ON s.kind = 'user-status' AND s.id = COALESCE(a.status_id, 2)
 WHERE q.kind = 'queue' AND NOT q.removed;

COMMENT ON VIEW public.grupo_de_atendimento_usuarios_status IS '1.3.1.27 Usuários dos grupos de atendimento e seus status.';
COMMENT ON COLUMN public.grupo_de_atendimento_usuarios_status.nome_grupo_de_atendimento IS 'Nome do grupo de atendimento.';
COMMENT ON COLUMN public.grupo_de_atendimento_usuarios_status.nome_usuario IS 'Nome do usuário.';
COMMENT ON COLUMN public.grupo_de_atendimento_usuarios_status.ramal IS 'Ramal do usuário.';
COMMENT ON COLUMN public.grupo_de_atendimento_usuarios_status.status_usuario IS 'Status atual do usuário.';
COMMENT ON COLUMN public.grupo_de_atendimento_usuarios_status.status_telefone IS 'Status atual do telefone do usuário.';
