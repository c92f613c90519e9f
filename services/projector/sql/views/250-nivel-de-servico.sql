-- Manual 1.3.1.32.
CREATE VIEW public.nivel_de_servico AS
SELECT s.day::timestamp AS data,
       to_char(make_interval(mins => s.half_hour * 30), 'HH24:MI') || ' - ' || to_char(make_interval(mins => s.half_hour * 30 + 30), 'HH24:MI') AS horario,
       s.threshold_s AS tempo_nivel_de_servico,
       s.queue_id AS id_grupo_de_atendimento,
       q.entry->>'name' AS nome_grupo_de_atendimento,
       s.answered_below AS atendidas_abaixo,
       s.answered_above AS atendidas_acima,
       s.abandoned_below AS desligadas_abaixo,
       s.abandoned_above AS desligadas_acima,
       s.answered_below + s.answered_above + s.abandoned_below + s.abandoned_above AS total
  FROM :schema:.service_levels s
  LEFT JOIN :schema:.directory q ON q.kind = 'queue' AND q.id = s.queue_id;

COMMENT ON VIEW public.nivel_de_servico IS '1.3.1.32 Nível de serviço por grupo de atendimento e meia hora.';
COMMENT ON COLUMN public.nivel_de_servico.data IS 'Dia das ligações.';
COMMENT ON COLUMN public.nivel_de_servico.horario IS 'Período de meia hora em que a ligação foi atendida ou desligada: 10:00 - 10:30.';
COMMENT ON COLUMN public.nivel_de_servico.tempo_nivel_de_servico IS 'Tempo, em segundos, em que as chamadas devem ser atendidas.';
COMMENT ON COLUMN public.nivel_de_servico.id_grupo_de_atendimento IS 'Grupo de atendimento.';
COMMENT ON COLUMN public.nivel_de_servico.nome_grupo_de_atendimento IS 'Nome do grupo de atendimento.';
COMMENT ON COLUMN public.nivel_de_servico.atendidas_abaixo IS 'Atendidas dentro do tempo.';
COMMENT ON COLUMN public.nivel_de_servico.atendidas_acima IS 'Atendidas depois do tempo.';
COMMENT ON COLUMN public.nivel_de_servico.desligadas_abaixo IS 'Desligadas dentro do tempo.';
COMMENT ON COLUMN public.nivel_de_servico.desligadas_acima IS 'Desligadas depois do tempo.';
COMMENT ON COLUMN public.nivel_de_servico.total IS 'Total de ligações do período.';
