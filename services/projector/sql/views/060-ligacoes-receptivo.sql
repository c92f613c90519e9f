-- Manual 1.3.1.5.
CREATE VIEW public.ligacoes_receptivo AS
SELECT k.id,
       CASE WHEN k.from_number ~ '[0-9]' THEN k.from_number END AS origem,
       k.to_number AS destino,
       k.duration_s AS duracao,
       k.billing_s AS billing,
       k.status,
       k.extension AS ramal,
       k.placed_at AS data,
       k.kind AS tipo_ligacao,
       k.cost AS custo,
       k.cost_total AS custo_total,
       k.call_id AS uniqueid,
       k.by_agent AS desligamento_solicitado
  FROM :schema:.calls k
 WHERE k.direction = 'inbound' AND k.ended;

COMMENT ON VIEW public.ligacoes_receptivo IS '1.3.1.5 Ligações recebidas, encerradas, atendidas ou não.';
COMMENT ON COLUMN public.ligacoes_receptivo.id IS 'Código da ligação, único no sistema.';
COMMENT ON COLUMN public.ligacoes_receptivo.origem IS 'Número de origem; nulo quando não foi informado.';
COMMENT ON COLUMN public.ligacoes_receptivo.destino IS 'Número de destino.';
COMMENT ON COLUMN public.ligacoes_receptivo.duracao IS 'Duração em segundos, com o tempo de toque.';
COMMENT ON COLUMN public.ligacoes_receptivo.billing IS 'Duração em segundos, sem o tempo de toque.';
COMMENT ON COLUMN public.ligacoes_receptivo.status IS 'ANSWERED (também a que só esperou na fila: o ramal é nulo), BUSY (não havia canal livre) ou NO ANSWER.';
COMMENT ON COLUMN public.ligacoes_receptivo.ramal IS 'Ramal que atendeu; nulo quando nenhum.';
COMMENT ON COLUMN public.ligacoes_receptivo.data IS 'Data em que ocorreu a ligação.';
COMMENT ON COLUMN public.ligacoes_receptivo.tipo_ligacao IS 'Do número de origem: celular local, celular interurbano, fixo local, fixo interurbano, internacional, gratuita, serviço ou outros.';
COMMENT ON COLUMN public.ligacoes_receptivo.custo IS 'Custo do minuto, quando a operadora do tronco cobra pelo que recebe (inboundRates).';
COMMENT ON COLUMN public.ligacoes_receptivo.custo_total IS 'Custo da ligação, sem arredondamento.';
COMMENT ON COLUMN public.ligacoes_receptivo.uniqueid IS 'Código único da ligação.';
COMMENT ON COLUMN public.ligacoes_receptivo.desligamento_solicitado IS 'true quando o operador encerrou, false quando foi externo.';
