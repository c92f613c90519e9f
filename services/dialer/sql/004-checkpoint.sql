-- How far the event store was read. Locked by whoever applies events, so several processes apply each event once.
CREATE TABLE dialer.checkpoint (
  one      boolean PRIMARY KEY DEFAULT true CHECK (one),
  position bigint
);
INSERT INTO dialer.checkpoint (position) VALUES (NULL);
