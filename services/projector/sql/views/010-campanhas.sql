-- Manual 1.3.1.1.
CREATE VIEW public.campanhas AS
SELECT d.id,
       d.entry->>'name' AS nome,
       COALESCE(c.active, (d.entry->>'active')::boolean, false) AS ativa,
       COALESCE(c.remaining, 0)::integer AS telefones_restantes,
       COALESCE(c.scheduled, 0)::integer AS numeros_agendados,
       COALESCE(c.operator, 0)::integer AS agendamento_operador,
       COALESCE(c.finished, 0)::integer AS clientes_finalizados,
       COALESCE(c.open, 0)::integer AS clientes_nao_finalizados,
       COALESCE(c.answered, 0)::integer AS ligacoes_atendidas,
       COALESCE(c.no_answer, 0)::integer AS ligacoes_nao_atendidas,
       COALESCE(c.busy, 0)::integer AS ligacoes_ocupadas,
       COALESCE(c.retries, 0)::integer AS retentativas,
       COALESCE(c.dialing, 0)::integer AS discando,
       COALESCE(c.in_ivr, 0)::integer AS ligacoes_em_andamento_ura,
       COALESCE(c.talking, 0)::integer AS clientes_em_ligacao,
       COALESCE(c.queued, 0)::integer AS ligacoes_fila,
       COALESCE(c.untouched, 0)::integer AS clientes_virgens,
       COALESCE(c.untabulated, 0)::integer AS entregues_sem_tabulacao
  FROM :schema:.directory d
  LEFT JOIN :schema:.campaigns c ON c.campaign_id = d.id
 WHERE d.kind = 'campaign' AND NOT d.removed;

COMMENT ON VIEW public.campanhas IS '1.3.1.1 Campanhas e seus contadores.';
COMMENT ON COLUMN public.campanhas.id IS 'Código único da campanha no sistema.';
COMMENT ON COLUMN public.campanhas.nome IS 'Nome da campanha.';
COMMENT ON COLUMN public.campanhas.ativa IS 'true quando a campanha está ativa.';
COMMENT ON COLUMN public.campanhas.telefones_restantes IS 'Telefones que o sistema ainda tem para discar antes do término da campanha; não os de clientes que esperam o operador.';
COMMENT ON COLUMN public.campanhas.numeros_agendados IS 'Números com discagem agendada.';
COMMENT ON COLUMN public.campanhas.agendamento_operador IS 'Números agendados para o operador.';
COMMENT ON COLUMN public.campanhas.clientes_finalizados IS 'Clientes com um status que finaliza; não serão mais discados.';
COMMENT ON COLUMN public.campanhas.clientes_nao_finalizados IS 'Clientes ainda não finalizados.';
COMMENT ON COLUMN public.campanhas.ligacoes_atendidas IS 'Ligações atendidas.';
COMMENT ON COLUMN public.campanhas.ligacoes_nao_atendidas IS 'Ligações com o status Não Atende: tocou ou foi recusada.';
COMMENT ON COLUMN public.campanhas.ligacoes_ocupadas IS 'Ligações que deram ocupado.';
COMMENT ON COLUMN public.campanhas.retentativas IS 'Telefones com retentativa por fazer; os agendados não contam.';
COMMENT ON COLUMN public.campanhas.discando IS 'Ligações sendo discadas agora.';
COMMENT ON COLUMN public.campanhas.ligacoes_em_andamento_ura IS 'Ligações atendidas que estão na URA da campanha, pelo que a URA informa.';
COMMENT ON COLUMN public.campanhas.clientes_em_ligacao IS 'Ligações em andamento com os operadores.';
COMMENT ON COLUMN public.campanhas.ligacoes_fila IS 'Ligações na fila de espera da campanha.';
COMMENT ON COLUMN public.campanhas.clientes_virgens IS 'Clientes de quem nenhum número foi discado.';
COMMENT ON COLUMN public.campanhas.entregues_sem_tabulacao IS 'Clientes com um telefone entregue ao operador e não tabulado.';
