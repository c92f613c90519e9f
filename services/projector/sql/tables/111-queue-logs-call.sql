CREATE INDEX queue_logs_call ON :schema:.queue_logs (call_id);
