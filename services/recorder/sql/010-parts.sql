-- Recordings that were checked and kept. A projection of RecordingStored: it is filled again from the streams when it is lost.
CREATE SCHEMA IF NOT EXISTS recorder;

-- The manual's codigo_monitoria.
CREATE SEQUENCE recorder.recording_ids AS bigint;

CREATE TABLE recorder.parts (
  recording_id bigint PRIMARY KEY,
  call_id text NOT NULL,
  part integer NOT NULL,
  -- Below the recordings folder, so that the folder can be moved; absolute when the file lies elsewhere.
  file text NOT NULL,
  bytes bigint NOT NULL,
  duration_ms integer NOT NULL,
  sha256 text NOT NULL,
  repaired boolean NOT NULL,
  stored_at timestamptz NOT NULL,
  UNIQUE (call_id, part)
);
