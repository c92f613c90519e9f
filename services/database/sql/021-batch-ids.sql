-- One number per INSERT of a client.
CREATE SEQUENCE database.batch_ids;
