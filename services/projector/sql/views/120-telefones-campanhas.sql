-- Manual 1.3.1.15.
CREATE VIEW public.telefones_campanhas AS
SELECT p.phone_id AS id,
       p.campaign_id AS campanha_id,
       c.parameter1 AS parametro1,
       c.parameter2 AS parametro2,
       c.parameter3 AS parametro3,
       c.parameter4 AS parametro4,
       p.phone AS telefone,
       p.status_id AS id_status,
       d.entry->>'name' AS status,
       p.imported_at AS importado_em,
       p.priority::integer AS prioridade,
       p.campaign_id AS id_campanha
  FROM :schema:.phones p
  LEFT JOIN :schema:.contacts c ON c.contact_id = p.contact_id
  LEFT JOIN :schema:.directory d ON d.kind = 'disposition' AND d.id = p.status_id
 WHERE p.state <> 'excluded';

COMMENT ON VIEW public.telefones_campanhas IS '1.3.1.15 Telefones importados nas campanhas, discados ou não.';
COMMENT ON COLUMN public.telefones_campanhas.id IS 'Identificador do registro.';
COMMENT ON COLUMN public.telefones_campanhas.campanha_id IS 'Identificador da campanha.';
COMMENT ON COLUMN public.telefones_campanhas.parametro1 IS 'Parâmetro 1 informado no carregamento.';
COMMENT ON COLUMN public.telefones_campanhas.parametro2 IS 'Parâmetro 2 informado no carregamento.';
COMMENT ON COLUMN public.telefones_campanhas.parametro3 IS 'Parâmetro 3 informado no carregamento.';
COMMENT ON COLUMN public.telefones_campanhas.parametro4 IS 'Parâmetro 4 informado no carregamento.';
COMMENT ON COLUMN public.telefones_campanhas.telefone IS 'Número do telefone.';
COMMENT ON COLUMN public.telefones_campanhas.id_status IS 'Status tabulado para esse número.';
COMMENT ON COLUMN public.telefones_campanhas.status IS 'Nome do status.';
COMMENT ON COLUMN public.telefones_campanhas.importado_em IS 'Data de importação do número.';
COMMENT ON COLUMN public.telefones_campanhas.prioridade IS 'Prioridade de discagem do número.';
COMMENT ON COLUMN public.telefones_campanhas.id_campanha IS 'O mesmo que campanha_id.';
