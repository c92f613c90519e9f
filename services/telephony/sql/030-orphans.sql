-- The far end of an ended call is done with it: whoever finds the row after a crash has nothing to end on the wire, and counts no channel.
ALTER TABLE telephony.open_calls ADD COLUMN over boolean NOT NULL DEFAULT false;

-- Known to this installation alone, and the same for all of its processes: tags and branches of its dialogs are derived from it.
CREATE TABLE telephony.secrets (
  name   text PRIMARY KEY,
  secret bytea NOT NULL
);
