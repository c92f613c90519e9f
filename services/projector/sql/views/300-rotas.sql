-- Manual 1.3.1.39.
CREATE VIEW public.rotas AS
SELECT d.id,
       d.entry->>'name' AS nome_rota,
       (d.entry->>'active')::boolean AS status_rota
  FROM :schema:.directory d
 WHERE d.kind = 'route' AND NOT d.removed;

COMMENT ON VIEW public.rotas IS '1.3.1.39 Rotas.';
COMMENT ON COLUMN public.rotas.id IS 'Código do registro.';
COMMENT ON COLUMN public.rotas.nome_rota IS 'Nome da rota.';
COMMENT ON COLUMN public.rotas.status_rota IS 'true quando está ativa.';
