-- repeatable
-- Appends a batch of requests, each judged by itself. Per request: stream, expected version (-2 any, -1 none), number of
-- events; per event: index of its request from 1, type, schema, data, time.
-- A stream occurs once in a batch, so all requests can be judged at the same time.
--
-- The lock makes batches of all processes follow each other. It is let go after the commit is visible, so a reader that sees
-- a position sees all before it. A function and not four statements: one round trip, and in READ COMMITTED each statement of
-- a VOLATILE function has a snapshot of its own, taken after the lock.
CREATE OR REPLACE FUNCTION events.append(
  p_writer uuid, p_batch bigint,
  p_streams text[], p_expected integer[], p_counts integer[],
  p_owner integer[], p_types text[], p_schemas smallint[], p_data text[], p_at bigint[]
) RETURNS TABLE (actual integer[], accepted boolean[], first_position bigint)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_before events.writers;
  v_total  integer := cardinality(p_types);
BEGIN
  PERFORM pg_advisory_xact_lock(7246010);

  SELECT * INTO v_before FROM events.writers w WHERE w.writer = p_writer;
  IF v_before.batch = p_batch THEN
    RETURN QUERY SELECT v_before.actual, v_before.accepted, v_before.first_position;
    RETURN;
  END IF;

  SELECT array_agg(r.actual ORDER BY r.ord),
         array_agg(r.expected = -2 OR r.expected = r.actual ORDER BY r.ord)
    INTO actual, accepted
    FROM (SELECT q.ord, q.expected,
                 COALESCE((SELECT e.version FROM events.events e
                            WHERE e.stream_id = q.stream ORDER BY e.version DESC LIMIT 1), -1) AS actual
            FROM unnest(p_streams, p_expected) WITH ORDINALITY AS q (stream, expected, ord)) AS r;

  first_position := nextval('events.position');
  IF v_total > 1 THEN
    PERFORM setval('events.position', first_position + v_total - 1);
  END IF;

  INSERT INTO events.events (position, stream_id, version, type, schema, data, at)
  SELECT first_position + e.ord - 1, r.stream, r.actual + e.ord - r.events_before, e.type, e.schema, e.data::json, e.at
    FROM unnest(p_owner, p_types, p_schemas, p_data, p_at) WITH ORDINALITY AS e (owner, type, schema, data, at, ord)
    JOIN (SELECT q.stream, q.actual, q.accepted, q.ord, sum(q.count) OVER (ORDER BY q.ord) - q.count AS events_before
            FROM unnest(p_streams, append.actual, append.accepted, p_counts)
                 WITH ORDINALITY AS q (stream, actual, accepted, count, ord)) AS r
      ON r.ord = e.owner
   WHERE r.accepted;

  INSERT INTO events.writers VALUES (p_writer, p_batch, actual, accepted, first_position, now())
  ON CONFLICT (writer) DO UPDATE
     SET batch = EXCLUDED.batch, actual = EXCLUDED.actual, accepted = EXCLUDED.accepted,
         first_position = EXCLUDED.first_position, at = EXCLUDED.at;

  PERFORM pg_notify('events', '');
  RETURN NEXT;
END $$;
