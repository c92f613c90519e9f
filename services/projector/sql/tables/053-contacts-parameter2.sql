CREATE INDEX contacts_parameter2 ON :schema:.contacts (parameter2);
