CREATE INDEX survey_answers_call ON :schema:.survey_answers (call_id);
