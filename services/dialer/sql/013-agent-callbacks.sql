-- The agents of a contact's callbacks are in its state: it may have several, of different agents.
ALTER TABLE dialer.contacts DROP COLUMN agent_callback_by;
