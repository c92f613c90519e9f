-- Manual 1.3.1.8.
CREATE VIEW public.resultado_discador AS
SELECT r.id,
       r.campaign_id AS id_campanha,
       c.parameter1 AS identificador1,
       c.parameter2 AS identificador2,
       c.parameter3 AS identificador3,
       r.phone AS telefone,
       r.status_id AS id_status,
       d.entry->>'name' AS status,
       r.marked_at AS data,
       r.call_id AS codigo_ligacao,
       r.dial_at AS discar_em,
       r.operator_at AS discar_em_operador
  FROM :schema:.results r
  LEFT JOIN :schema:.contacts c ON c.contact_id = r.contact_id
  LEFT JOIN :schema:.directory d ON d.kind = 'disposition' AND d.id = r.status_id;

COMMENT ON VIEW public.resultado_discador IS '1.3.1.8 Uma linha por tentativa do discador, com a última tabulação.';
COMMENT ON COLUMN public.resultado_discador.id IS 'Código deste resultado.';
COMMENT ON COLUMN public.resultado_discador.id_campanha IS 'Identificador da campanha.';
COMMENT ON COLUMN public.resultado_discador.identificador1 IS 'Identificador 1 informado no carregamento.';
COMMENT ON COLUMN public.resultado_discador.identificador2 IS 'Identificador 2 informado no carregamento.';
COMMENT ON COLUMN public.resultado_discador.identificador3 IS 'Identificador 3 informado no carregamento.';
COMMENT ON COLUMN public.resultado_discador.telefone IS 'Telefone associado ao status.';
COMMENT ON COLUMN public.resultado_discador.id_status IS 'Identificador do status.';
COMMENT ON COLUMN public.resultado_discador.status IS 'Nome do status.';
COMMENT ON COLUMN public.resultado_discador.data IS 'Data em que o status foi marcado.';
COMMENT ON COLUMN public.resultado_discador.codigo_ligacao IS 'Código único da ligação.';
COMMENT ON COLUMN public.resultado_discador.discar_em IS 'Data para a qual a discagem do telefone está agendada.';
COMMENT ON COLUMN public.resultado_discador.discar_em_operador IS 'Data agendada com o status Agendamento Operador; não disca por si, só avisa.';
