-- A campaign's results of a period, by status. The contact is in it because PostgreSQL counts it as needed even where the join to it
-- falls away: with it, counting a campaign's results reads the index alone.
CREATE INDEX results_campaign ON :schema:.results (campaign_id, marked_at, status_id) INCLUDE (contact_id);
