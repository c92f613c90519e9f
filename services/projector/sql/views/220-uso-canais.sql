-- Manual 1.3.1.28.
CREATE VIEW public.uso_canais AS
SELECT t.entry->>'name' AS nome,
       'SIP'::text AS descricao,
       t.id AS trunk_id,
       (t.entry->>'channels')::integer AS limite,
       COALESCE(u.channels_used, 0) AS uso,
       round(100.0 * COALESCE(u.channels_used, 0) / (t.entry->>'channels')::integer)::integer || '%' AS porcentagem
  FROM :schema:.directory t
  LEFT JOIN :schema:.trunk_usage u ON u.trunk_id = t.id
 WHERE t.kind = 'trunk' AND NOT t.removed;

COMMENT ON VIEW public.uso_canais IS '1.3.1.28 Uso dos canais.';
COMMENT ON COLUMN public.uso_canais.nome IS 'Nome do canal.';
COMMENT ON COLUMN public.uso_canais.descricao IS 'Tipo do canal: SIP, o único que há.';
COMMENT ON COLUMN public.uso_canais.trunk_id IS 'Identificador do canal.';
COMMENT ON COLUMN public.uso_canais.limite IS 'Limite de canais, de saída e de entrada.';
COMMENT ON COLUMN public.uso_canais.uso IS 'Canais em uso agora.';
COMMENT ON COLUMN public.uso_canais.porcentagem IS 'Uso em porcentagem do limite.';
