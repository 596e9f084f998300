-- Two answers of the queue that could be wrong for a moment.

-- Asks for a sync now, and says whether there is such a mirror: it may have been deleted since
-- somebody found it. A running sync is followed by one more; a paused mirror is there, and stays
-- paused.
DROP FUNCTION hub.request_sync(bigint);
CREATE FUNCTION hub.request_sync(project bigint) RETURNS boolean LANGUAGE sql AS $$
	WITH found AS MATERIALIZED (
		SELECT m.project_id, m.paused FROM hub.mirror m WHERE m.project_id = project
	), asked AS (
		INSERT INTO hub.job AS j (kind, project_id)
		SELECT 'sync', f.project_id FROM found f WHERE NOT f.paused
		ON CONFLICT (project_id, kind) WHERE project_id IS NOT NULL DO UPDATE SET
			again = (j.state = 'running'),
			state = CASE WHEN j.state = 'running' THEN j.state ELSE 'queued' END,
			run_at = CASE WHEN j.state = 'running' THEN j.run_at ELSE '-infinity' END,
			queued_at = CASE WHEN j.state IN ('running', 'queued') THEN j.queued_at ELSE now() END
	)
	SELECT EXISTS (SELECT FROM found)
$$;
