-- Manual 1.3.1.4.
CREATE VIEW public.ligacoes_ativo AS
SELECT k.id,
       k.to_number AS destino,
       k.duration_s AS duracao,
       k.billing_s AS billing,
       k.status,
       k.extension AS ramal,
       k.placed_at AS data,
       k.kind AS tipo_ligacao,
       k.cost AS custo,
       k.cost_total AS custo_total,
       k.cost_rounded AS custo_arrendado,
       k.billing_rounded AS billing_arredondado,
       k.branch AS filiai,
       k.call_id AS uniqueid,
       k.campaign_id AS id_campanha,
       k.route_id AS id_rota,
       r.entry->>'name' AS nome_rota,
       k.by_agent AS desligamento_solicitado,
       k.cost_rounded AS custo_arredondado,
       k.branch AS filial
  FROM :schema:.calls k
  LEFT JOIN :schema:.directory r ON r.kind = 'route' AND r.id = k.route_id
 WHERE k.direction <> 'inbound' AND k.ended;

COMMENT ON VIEW public.ligacoes_ativo IS '1.3.1.4 Ligações efetuadas, encerradas, atendidas ou não: do discador, dos operadores e entre ramais.';
COMMENT ON COLUMN public.ligacoes_ativo.id IS 'Código da ligação, único no sistema.';
COMMENT ON COLUMN public.ligacoes_ativo.destino IS 'Número de destino, sem o prefixo da operadora; entre ramais, o ramal ou o número da fila.';
COMMENT ON COLUMN public.ligacoes_ativo.duracao IS 'Duração em segundos, com o tempo de toque.';
COMMENT ON COLUMN public.ligacoes_ativo.billing IS 'Duração em segundos, sem o tempo de toque.';
COMMENT ON COLUMN public.ligacoes_ativo.status IS 'ANSWERED, BUSY ou NO ANSWER.';
COMMENT ON COLUMN public.ligacoes_ativo.ramal IS 'Ramal que efetuou a ligação ou, do discador, que a atendeu; nulo quando nenhum.';
COMMENT ON COLUMN public.ligacoes_ativo.data IS 'Data em que ocorreu a ligação.';
COMMENT ON COLUMN public.ligacoes_ativo.tipo_ligacao IS 'celular local, celular interurbano, fixo local, fixo interurbano, internacional, gratuita, serviço, interna ou outros.';
COMMENT ON COLUMN public.ligacoes_ativo.custo IS 'Custo do minuto na rota.';
COMMENT ON COLUMN public.ligacoes_ativo.custo_total IS 'Custo da ligação, sem arredondamento.';
COMMENT ON COLUMN public.ligacoes_ativo.custo_arrendado IS 'O mesmo que custo_arredondado (grafia do manual).';
COMMENT ON COLUMN public.ligacoes_ativo.billing_arredondado IS 'Segundos cobrados, com o arredondamento da operadora.';
COMMENT ON COLUMN public.ligacoes_ativo.filiai IS 'O mesmo que filial (grafia do manual).';
COMMENT ON COLUMN public.ligacoes_ativo.uniqueid IS 'Identificador único da ligação.';
COMMENT ON COLUMN public.ligacoes_ativo.id_campanha IS 'Identificador da campanha.';
COMMENT ON COLUMN public.ligacoes_ativo.id_rota IS 'Identificador da rota.';
COMMENT ON COLUMN public.ligacoes_ativo.nome_rota IS 'Nome da rota.';
COMMENT ON COLUMN public.ligacoes_ativo.desligamento_solicitado IS 'true quando um operador encerrou (entre ramais, qualquer dos dois), false quando foi externo.';
COMMENT ON COLUMN public.ligacoes_ativo.custo_arredondado IS 'Custo com o arredondamento da operadora.';
COMMENT ON COLUMN public.ligacoes_ativo.filial IS 'Nome da filial.';
