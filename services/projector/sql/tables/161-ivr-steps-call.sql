CREATE INDEX ivr_steps_call ON :schema:.ivr_steps (call_id);
