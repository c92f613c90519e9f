-- The last batch of each writer with its outcome. A writer whose connection broke during a commit sends the batch again and
-- gets the stored answer: appended once, whatever the network did.
CREATE TABLE events.writers (
  writer         uuid        PRIMARY KEY,
  batch          bigint      NOT NULL,
  actual         integer[]   NOT NULL,
  accepted       boolean[]   NOT NULL,
  first_position bigint      NOT NULL,
  at             timestamptz NOT NULL
) WITH (fillfactor = 50);
