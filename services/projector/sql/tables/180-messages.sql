CREATE TABLE :schema:.messages (
  id          bigint    PRIMARY KEY,
  from_number text      NOT NULL,
  text        text      NOT NULL,
  at          timestamp NOT NULL
);
