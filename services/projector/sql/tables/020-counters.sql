-- Last id handed out per table. Given in the order of events, so a rebuild gives the same ids.
CREATE TABLE :schema:.counters (
  name text   PRIMARY KEY,
  last bigint NOT NULL
);
