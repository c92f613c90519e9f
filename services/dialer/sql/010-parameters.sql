-- Parameters from the third on, one row each, for those who name a contact by one of them. Empty ones have no row.
CREATE TABLE dialer.parameters (
  contact_id  integer  NOT NULL,
  campaign_id integer  NOT NULL,
  index       smallint NOT NULL,
  value       text     NOT NULL,
  PRIMARY KEY (contact_id, index)
);
-- An index row has an upper limit, a parameter has none: the beginning finds it, the whole decides.
CREATE INDEX parameters_value ON dialer.parameters (left(value, 200), index, campaign_id);
DROP INDEX dialer.contacts_parameter1;
DROP INDEX dialer.contacts_parameter2;
CREATE INDEX contacts_parameter1 ON dialer.contacts (left(parameter1, 200), campaign_id);
CREATE INDEX contacts_parameter2 ON dialer.contacts (left(parameter2, 200), campaign_id);

INSERT INTO dialer.parameters (contact_id, campaign_id, index, value)
SELECT c.contact_id, c.campaign_id, p.index, p.value
  FROM dialer.contacts AS c
 CROSS JOIN LATERAL json_array_elements_text(c.state -> 'contact' -> 'parameters') WITH ORDINALITY AS p (value, index)
 WHERE p.index > 2 AND p.value <> '';
