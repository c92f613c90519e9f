-- Manual 1.3.1.11.
CREATE VIEW public.usuarios AS
SELECT u.id,
       u.entry->>'name' AS nome,
       u.entry->>'extension' AS ramal,
       COALESCE(a.status_id, 2) AS id_status_usuario,
       s.entry->>'name' AS status_usuario,
       COALESCE(a.phone_status, 4)::integer AS id_status_telefone,
       CASE COALESCE(a.phone_status, 4) WHEN 0 THEN 'Livre' WHEN 4 THEN 'Desconectado' WHEN 8 THEN 'Tocando' ELSE 'Ocupado' END AS nome_status_telefone,
       (u.entry->>'groupId')::integer AS id_grupo,
       u.entry->>'email' AS email,
       u.entry->>'mobile' AS mobile,
       CASE k.direction WHEN 'campaign' THEN 'D' WHEN 'agent' THEN 'A' WHEN 'inbound' THEN 'R' WHEN 'internal' THEN CASE WHEN k.extension = u.entry->>'extension' THEN 'A' ELSE 'R' END END AS tipo_da_ligacao,
       k.call_id AS uniqueid,
       c.parameter1 AS parametro1,
       c.parameter2 AS parametro2,
       CASE WHEN k.direction = 'inbound' OR k.direction = 'internal' AND k.extension <> u.entry->>'extension' THEN NULL ELSE k.to_number END AS telefone,
       k.campaign_id AS id_campanha,
       CASE WHEN (k.direction = 'inbound' OR k.direction = 'internal' AND k.extension <> u.entry->>'extension') AND k.from_number ~ '^[+]?[0-9]{1,18}$' THEN k.from_number::bigint END AS telefone_origem,
       CASE k.direction WHEN 'campaign' THEN 'D' WHEN 'agent' THEN 'A' WHEN 'inbound' THEN 'R' WHEN 'internal' THEN CASE WHEN k.extension = u.entry->>'extension' THEN 'A' ELSE 'R' END END AS tipo_de_ligacao
  FROM :schema:.directory u
  LEFT JOIN :schema:.agents a ON a.agent_id = u.id
  LEFT JOIN :schema:.directory s ON s.kind = 'user-status' AND s.id = COALESCE(a.status_id, 2)
  LEFT JOIN :schema:.calls k ON k.call_id = a.calls[cardinality(a.calls)] AND NOT k.ended
  LEFT JOIN :schema:.contacts c ON c.contact_id = k.contact_id
 WHERE u.kind = 'agent' AND NOT u.removed;

COMMENT ON VIEW public.usuarios IS '1.3.1.11 Usuários, com o status de intervalo e o do telefone de cada um.';
COMMENT ON COLUMN public.usuarios.id IS 'Identificador do colaborador.';
COMMENT ON COLUMN public.usuarios.nome IS 'Nome completo.';
COMMENT ON COLUMN public.usuarios.ramal IS 'Número do ramal.';
COMMENT ON COLUMN public.usuarios.id_status_usuario IS 'Identificador do status de pausa.';
COMMENT ON COLUMN public.usuarios.status_usuario IS 'Nome do status de pausa.';
COMMENT ON COLUMN public.usuarios.id_status_telefone IS 'Identificador do status do telefone.';
COMMENT ON COLUMN public.usuarios.nome_status_telefone IS 'Nome do status do telefone.';
COMMENT ON COLUMN public.usuarios.id_grupo IS 'Grupo de usuário do operador.';
COMMENT ON COLUMN public.usuarios.email IS 'E-mail.';
COMMENT ON COLUMN public.usuarios.mobile IS 'Celular.';
COMMENT ON COLUMN public.usuarios.tipo_da_ligacao IS 'A ativo, R receptivo, D discador.';
COMMENT ON COLUMN public.usuarios.uniqueid IS 'Código da ligação em curso. Texto: tem um ponto.';
COMMENT ON COLUMN public.usuarios.parametro1 IS 'Parâmetro 1 do cliente da ligação em curso.';
COMMENT ON COLUMN public.usuarios.parametro2 IS 'Parâmetro 2 do cliente da ligação em curso.';
COMMENT ON COLUMN public.usuarios.telefone IS 'Telefone de destino da ligação em curso.';
COMMENT ON COLUMN public.usuarios.id_campanha IS 'Campanha da ligação em curso.';
COMMENT ON COLUMN public.usuarios.telefone_origem IS 'Telefone de origem da ligação em curso (receptivo).';
COMMENT ON COLUMN public.usuarios.tipo_de_ligacao IS 'O mesmo que tipo_da_ligacao.';
