CREATE INDEX queue_logs_at ON :schema:.queue_logs (at);
