-- Manual 1.3.1.23.
CREATE VIEW public.grupos_de_atendimento AS
SELECT d.id,
       d.entry->>'name' AS nome
  FROM :schema:.directory d
 WHERE d.kind = 'queue' AND NOT d.removed;

COMMENT ON VIEW public.grupos_de_atendimento IS '1.3.1.23 Grupos de atendimento.';
COMMENT ON COLUMN public.grupos_de_atendimento.id IS 'Código do grupo de atendimento.';
COMMENT ON COLUMN public.grupos_de_atendimento.nome IS 'Nome do grupo de atendimento.';
