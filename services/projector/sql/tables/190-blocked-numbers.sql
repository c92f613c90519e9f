CREATE TABLE :schema:.blocked_numbers (
  key           text    PRIMARY KEY,
  id            bigint  NOT NULL,
  block_list_id integer NOT NULL,
  number        text    NOT NULL,
  description   text    NOT NULL
);
