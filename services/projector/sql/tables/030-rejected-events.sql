-- Events that could not be applied, with the reason. Empty, or there is an error to report.
CREATE TABLE :schema:.rejected_events (
  position numeric(20, 0) PRIMARY KEY,
  type     text NOT NULL,
  reason   text NOT NULL
);
