-- Manual 1.3.1.19.
CREATE VIEW public.grupos AS
SELECT d.id AS id_grupo,
       d.entry->>'name' AS nome
  FROM :schema:.directory d
 WHERE d.kind = 'agent-group' AND NOT d.removed;

COMMENT ON VIEW public.grupos IS '1.3.1.19 Grupos de usuários.';
COMMENT ON COLUMN public.grupos.id_grupo IS 'Código do grupo.';
COMMENT ON COLUMN public.grupos.nome IS 'Nome do grupo.';
