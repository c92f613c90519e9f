-- Manual 1.3.1.3.
CREATE VIEW public.status_servidores AS
SELECT h.id::integer AS id,
       h.name AS nome,
       h.status
  FROM :schema:.part_health h;

COMMENT ON VIEW public.status_servidores IS '1.3.1.3 Saúde das partes do sistema.';
COMMENT ON COLUMN public.status_servidores.id IS 'Código do servidor.';
COMMENT ON COLUMN public.status_servidores.nome IS 'Nome do servidor.';
COMMENT ON COLUMN public.status_servidores.status IS 'OK, ou WARNING ou CRITICAL com o motivo.';
