CREATE INDEX ivr_steps_at ON :schema:.ivr_steps (at);
