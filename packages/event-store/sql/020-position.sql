-- Places in the order of all events. Moved only under the append lock, a block per batch.
CREATE SEQUENCE events.position;
