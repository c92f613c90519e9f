-- Manual 1.3.1.20.
CREATE VIEW public.pausas AS
SELECT p.agent_id AS id_usuario,
       p.extension AS ramal,
       p.status_id AS id_status,
       s.entry->>'name' AS nome_status,
       p.at AS data,
       p.duration_s AS tempo
  FROM :schema:.pauses p
  LEFT JOIN :schema:.directory s ON s.kind = 'user-status' AND s.id = p.status_id;

COMMENT ON VIEW public.pausas IS '1.3.1.20 Pausas dos usuários, escritas quando terminam.';
COMMENT ON COLUMN public.pausas.id_usuario IS 'Código do usuário.';
COMMENT ON COLUMN public.pausas.ramal IS 'Ramal do usuário.';
COMMENT ON COLUMN public.pausas.id_status IS 'Código do status.';
COMMENT ON COLUMN public.pausas.nome_status IS 'Nome do status.';
COMMENT ON COLUMN public.pausas.data IS 'Quando o usuário entrou no status.';
COMMENT ON COLUMN public.pausas.tempo IS 'Segundos em que permaneceu no status.';
