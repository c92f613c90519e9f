CREATE INDEX contacts_parameter1 ON :schema:.contacts (parameter1);
