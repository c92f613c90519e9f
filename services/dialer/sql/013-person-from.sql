-- When machine detection said of a call that a person is on the line: from there the grace clock of its campaign may count. Kept for a day.
CREATE TABLE dialer.person_from (
  call_id text   PRIMARY KEY,
  at      bigint NOT NULL
);
CREATE INDEX person_from_at ON dialer.person_from (at);
