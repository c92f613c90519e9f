-- When a row of importar_discador was refused: it has no criado_em to count its retention from.
CREATE TABLE database.rejected (
  row_id      bigint PRIMARY KEY,
  rejected_at timestamptz NOT NULL DEFAULT now()
);
