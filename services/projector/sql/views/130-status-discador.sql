-- Manual 1.3.1.16.
CREATE VIEW public.status_discador AS
SELECT d.id,
       d.entry->>'name' AS nome
  FROM :schema:.directory d
 WHERE d.kind = 'disposition' AND NOT d.removed;

COMMENT ON VIEW public.status_discador IS '1.3.1.16 Status disponíveis para tabulação de uma campanha.';
COMMENT ON COLUMN public.status_discador.id IS 'Identificador do status de campanha.';
COMMENT ON COLUMN public.status_discador.nome IS 'Nome do status de campanha.';
