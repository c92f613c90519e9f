CREATE INDEX results_contact ON :schema:.results (contact_id);
