-- The installation's time zone, for what fills itself.
CREATE TABLE database.clock (
  one       boolean PRIMARY KEY DEFAULT true CHECK (one),
  time_zone text    NOT NULL
);
INSERT INTO database.clock (time_zone) VALUES ('America/Sao_Paulo');
