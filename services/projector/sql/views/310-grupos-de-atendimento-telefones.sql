-- Manual 1.3.1.25.
CREATE VIEW public.grupos_de_atendimento_telefones AS
SELECT v.grupo_de_atendimento_id,
       v.telefone
  FROM public.grupo_de_atendimento_telefones v;

COMMENT ON VIEW public.grupos_de_atendimento_telefones IS '1.3.1.25 O mesmo que grupo_de_atendimento_telefones: o manual escreve os dois.';
COMMENT ON COLUMN public.grupos_de_atendimento_telefones.grupo_de_atendimento_id IS 'Grupo de atendimento.';
COMMENT ON COLUMN public.grupos_de_atendimento_telefones.telefone IS 'Telefone associado.';
