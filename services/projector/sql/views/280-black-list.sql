-- Manual 1.3.1.37.
CREATE VIEW public.black_list AS
SELECT d.id AS id_black_list,
       d.entry->>'name' AS nome
  FROM :schema:.directory d
 WHERE d.kind = 'block-list' AND NOT d.removed;

COMMENT ON VIEW public.black_list IS '1.3.1.37 Listas de bloqueio.';
COMMENT ON COLUMN public.black_list.id_black_list IS 'Código da black list.';
COMMENT ON COLUMN public.black_list.nome IS 'Nome da black list.';
