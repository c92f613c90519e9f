-- Manual 1.3.1.10.
CREATE VIEW public.telefones_nao_trabalhados AS
SELECT p.contact_id AS id,
       p.campaign_id AS id_campanha,
       c.parameter1 AS identificador1,
       c.parameter2 AS identificador2,
       p.phone AS telefone,
       c.imported_at AS importado_em,
       p.dial_at AS discar_em
  FROM :schema:.phones p
  LEFT JOIN :schema:.contacts c ON c.contact_id = p.contact_id
 WHERE p.state IN ('fresh', 'refused');

COMMENT ON VIEW public.telefones_nao_trabalhados IS '1.3.1.10 Telefones importados que não foram discados.';
COMMENT ON COLUMN public.telefones_nao_trabalhados.id IS 'Identificador do cliente importado.';
COMMENT ON COLUMN public.telefones_nao_trabalhados.id_campanha IS 'Identificador da campanha.';
COMMENT ON COLUMN public.telefones_nao_trabalhados.identificador1 IS 'Primeiro parâmetro do cliente.';
COMMENT ON COLUMN public.telefones_nao_trabalhados.identificador2 IS 'Segundo parâmetro do cliente.';
COMMENT ON COLUMN public.telefones_nao_trabalhados.telefone IS 'Telefone do cliente.';
COMMENT ON COLUMN public.telefones_nao_trabalhados.importado_em IS 'Data em que o cliente foi importado.';
COMMENT ON COLUMN public.telefones_nao_trabalhados.discar_em IS 'Data em que o telefone está configurado para discar.';
