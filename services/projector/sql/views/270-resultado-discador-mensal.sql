-- Manual 1.3.1.34.
CREATE VIEW public.resultado_discador_mensal AS
SELECT r.id,
       r.call_id AS uniqueid,
       r.phone_id AS campaign_customer_phone_number_id,
       c.parameter1 AS identificador1,
       c.parameter2 AS identificador2,
       r.phone AS telefone,
       r.status_id,
       d.entry->>'name' AS status_nome,
       r.started_at AS data_hora_inicio,
       r.ended_at AS data_hora_fim,
       r.extension AS ramal,
       p.entry->>'name' AS campanha_nome,
       r.campaign_id AS campanha_id,
       o.entry->>'name' AS rota,
       t.entry->>'name' AS canal,
       false AS replicado
  FROM :schema:.results r
  LEFT JOIN :schema:.contacts c ON c.contact_id = r.contact_id
  LEFT JOIN :schema:.directory d ON d.kind = 'disposition' AND d.id = r.status_id
  LEFT JOIN :schema:.directory p ON p.kind = 'campaign' AND p.id = r.campaign_id
  LEFT JOIN :schema:.directory o ON o.kind = 'route' AND o.id = r.route_id
  LEFT JOIN :schema:.directory t ON t.kind = 'trunk' AND t.id = r.trunk_id
 WHERE r.started_at > (now() AT TIME ZONE COALESCE((SELECT s.entry->>'timeZone' FROM :schema:.directory s WHERE s.kind = 'settings' AND s.id = 1),
                                              'America/Sao_Paulo')) - interval '35 days';

COMMENT ON VIEW public.resultado_discador_mensal IS '1.3.1.34 Resultados do discador dos últimos 35 dias, com rota e canal.';
COMMENT ON COLUMN public.resultado_discador_mensal.id IS 'Código do registro.';
COMMENT ON COLUMN public.resultado_discador_mensal.uniqueid IS 'Código único da ligação.';
COMMENT ON COLUMN public.resultado_discador_mensal.campaign_customer_phone_number_id IS 'Identificador do telefone do cliente.';
COMMENT ON COLUMN public.resultado_discador_mensal.identificador1 IS 'Identificador 1 informado no carregamento.';
COMMENT ON COLUMN public.resultado_discador_mensal.identificador2 IS 'Identificador 2 informado no carregamento.';
COMMENT ON COLUMN public.resultado_discador_mensal.telefone IS 'Telefone discado.';
COMMENT ON COLUMN public.resultado_discador_mensal.status_id IS 'Identificador do status.';
COMMENT ON COLUMN public.resultado_discador_mensal.status_nome IS 'Nome do status.';
COMMENT ON COLUMN public.resultado_discador_mensal.data_hora_inicio IS 'Início da ligação.';
COMMENT ON COLUMN public.resultado_discador_mensal.data_hora_fim IS 'Fim da ligação; nulo enquanto ela dura.';
COMMENT ON COLUMN public.resultado_discador_mensal.ramal IS 'Ramal que atendeu; nulo quando ninguém atendeu.';
COMMENT ON COLUMN public.resultado_discador_mensal.campanha_nome IS 'Nome da campanha.';
COMMENT ON COLUMN public.resultado_discador_mensal.campanha_id IS 'Identificador da campanha.';
COMMENT ON COLUMN public.resultado_discador_mensal.rota IS 'Rota utilizada.';
COMMENT ON COLUMN public.resultado_discador_mensal.canal IS 'Canal (tronco) da rota utilizada.';
COMMENT ON COLUMN public.resultado_discador_mensal.replicado IS 'Só para integrações ODBC: false, pois nada é replicado.';
