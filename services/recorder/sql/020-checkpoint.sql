-- Up to where the events have been followed.
CREATE TABLE recorder.checkpoint (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  position bigint NOT NULL
);
