-- Manual 1.3.1.12.
CREATE VIEW public.status_usuarios AS
SELECT d.id,
       d.entry->>'name' AS nome
  FROM :schema:.directory d
 WHERE d.kind = 'user-status' AND NOT d.removed;

COMMENT ON VIEW public.status_usuarios IS '1.3.1.12 Status de pausa do sistema.';
COMMENT ON COLUMN public.status_usuarios.id IS 'Identificador do status.';
COMMENT ON COLUMN public.status_usuarios.nome IS 'Nome do status de pausa.';
