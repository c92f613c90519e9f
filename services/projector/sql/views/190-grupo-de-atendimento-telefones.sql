-- Manual 1.3.1.25.
CREATE VIEW public.grupo_de_atendimento_telefones AS
SELECT q.id AS grupo_de_atendimento_id,
       n.number AS telefone
  FROM :schema:.directory q
 CROSS JOIN LATERAL jsonb_array_elements_text(q.entry->'numbers') AS n (number)
 WHERE q.kind = 'queue' AND NOT q.removed;

COMMENT ON VIEW public.grupo_de_atendimento_telefones IS '1.3.1.25 Telefones associados aos grupos de atendimento.';
COMMENT ON COLUMN public.grupo_de_atendimento_telefones.grupo_de_atendimento_id IS 'Grupo de atendimento.';
COMMENT ON COLUMN public.grupo_de_atendimento_telefones.telefone IS 'Telefone associado.';
