-- Manual 1.3.1.31.
CREATE VIEW public.telefones_bloqueados AS
SELECT b.id,
       CASE WHEN b.number ~ '^[0-9]{1,18}$' THEN b.number::bigint END AS telefone,
       b.description AS descricao,
       l.entry->>'group' AS grupo_de_bloqueio
  FROM :schema:.blocked_numbers b
  JOIN :schema:.directory l ON l.kind = 'block-list' AND l.id = b.block_list_id AND NOT l.removed;

COMMENT ON VIEW public.telefones_bloqueados IS '1.3.1.31 Telefones das listas de bloqueio e os grupos a que pertencem.';
COMMENT ON COLUMN public.telefones_bloqueados.id IS 'Identificador do telefone bloqueado.';
COMMENT ON COLUMN public.telefones_bloqueados.telefone IS 'Número bloqueado.';
COMMENT ON COLUMN public.telefones_bloqueados.descricao IS 'Observação a respeito do telefone.';
COMMENT ON COLUMN public.telefones_bloqueados.grupo_de_bloqueio IS 'Grupo de bloqueio.';
