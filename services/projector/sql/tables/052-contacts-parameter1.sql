CREATE INDEX contacts_parameter1 ON :schema:.contacts ((parameters[1]));
