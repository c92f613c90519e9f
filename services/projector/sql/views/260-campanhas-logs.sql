-- Manual 1.3.1.33.
CREATE VIEW public.campanhas_logs AS
SELECT l.extension AS ramal,
       l.description AS descricao,
       l.at AS data
  FROM :schema:.campaign_logs l;

COMMENT ON VIEW public.campanhas_logs IS '1.3.1.33 Alterações das campanhas.';
COMMENT ON COLUMN public.campanhas_logs.ramal IS 'Ramal que fez a alteração; nulo quando não foi um ramal: a descrição diz por onde veio.';
COMMENT ON COLUMN public.campanhas_logs.descricao IS 'O que foi feito.';
COMMENT ON COLUMN public.campanhas_logs.data IS 'Data da alteração.';
