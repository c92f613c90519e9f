-- Manual 1.3.1.2.
CREATE VIEW public.historicos_campanhas AS
SELECT n.campaign_id AS id_campanha,
       n.contact_id AS id_cliente,
       n.phone AS telefone_cliente,
       c.parameter1 AS identificador1,
       c.parameter2 AS identificador2,
       n.extension AS ramal,
       n.at AS data,
       n.text AS historico
  FROM :schema:.notes n
  LEFT JOIN :schema:.contacts c ON c.contact_id = n.contact_id;

COMMENT ON VIEW public.historicos_campanhas IS '1.3.1.2 Históricos que os operadores registraram e status que foram salvos.';
COMMENT ON COLUMN public.historicos_campanhas.id_campanha IS 'Código da campanha.';
COMMENT ON COLUMN public.historicos_campanhas.id_cliente IS 'Código do cliente.';
COMMENT ON COLUMN public.historicos_campanhas.telefone_cliente IS 'Telefone do cliente a que o histórico se refere.';
COMMENT ON COLUMN public.historicos_campanhas.identificador1 IS 'Parâmetro 1 do cliente.';
COMMENT ON COLUMN public.historicos_campanhas.identificador2 IS 'Parâmetro 2 do cliente.';
COMMENT ON COLUMN public.historicos_campanhas.ramal IS 'Ramal que cadastrou o histórico, ou a quem o status foi atribuído.';
COMMENT ON COLUMN public.historicos_campanhas.data IS 'Data do histórico: a informada com o status, senão a da criação.';
COMMENT ON COLUMN public.historicos_campanhas.historico IS 'Texto do histórico; de um status salvo, o nome do status.';
