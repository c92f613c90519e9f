-- Manual 1.3.1.38.
CREATE VIEW public.mensagens_sms_recebidas AS
SELECT m.id,
       m.from_number AS origem,
       m.text AS mensagem,
       m.at AS recebida_em
  FROM :schema:.messages m;

COMMENT ON VIEW public.mensagens_sms_recebidas IS '1.3.1.38 SMS recebidas.';
COMMENT ON COLUMN public.mensagens_sms_recebidas.id IS 'Código do registro.';
COMMENT ON COLUMN public.mensagens_sms_recebidas.origem IS 'Número de origem.';
COMMENT ON COLUMN public.mensagens_sms_recebidas.mensagem IS 'Mensagem recebida.';
COMMENT ON COLUMN public.mensagens_sms_recebidas.recebida_em IS 'Data do recebimento.';
