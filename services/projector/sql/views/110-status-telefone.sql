-- Manual 1.3.1.13.
CREATE VIEW public.status_telefone AS
SELECT t.id,
       CASE t.id WHEN 0 THEN 'Livre' WHEN 4 THEN 'Desconectado' WHEN 8 THEN 'Tocando' ELSE 'Ocupado' END AS nome
  FROM (VALUES (0), (1), (2), (3), (4), (8), (9)) AS t (id);

COMMENT ON VIEW public.status_telefone IS '1.3.1.13 Status de telefone do sistema.';
COMMENT ON COLUMN public.status_telefone.id IS 'Identificador do status do telefone.';
COMMENT ON COLUMN public.status_telefone.nome IS 'Nome do status do telefone.';
