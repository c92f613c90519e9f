-- Numbers that must not be called, in the canonical form: area code and number.
CREATE TABLE dialer.blocked_numbers (
  number        text    NOT NULL,
  block_list_id integer NOT NULL,
  description   text    NOT NULL,
  -- Removed numbers stay with blocked = false, so that an older event cannot bring them back.
  blocked       boolean NOT NULL,
  position      bigint  NOT NULL,
  PRIMARY KEY (number, block_list_id)
);
