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

-- A fence is taken in the middle of a claim, and seen by others at its end: between the two, a
-- sweep would take its quarantine for that of a dead run. So whoever takes fences holds this lock
-- until he commits (a trigger: before the statement's first nextval, whoever writes it), and
-- who asks for the running ones waits for all that have begun. 884801 is migrate's.
CREATE FUNCTION hub.job_fence_lock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_advisory_xact_lock_shared(884802);
	RETURN NULL;
END $$;
CREATE TRIGGER job_fence_lock BEFORE UPDATE OF fence ON hub.job
	FOR EACH STATEMENT EXECUTE FUNCTION hub.job_fence_lock();

-- The fences of running jobs: all of them up to any fence that was read before the call.
CREATE FUNCTION hub.job_fences_running() RETURNS SETOF bigint LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_advisory_xact_lock(884802);
	-- a statement of its own, and so with a snapshot from behind the wait
	RETURN QUERY SELECT j.fence FROM hub.job j WHERE j.state = 'running';
END $$;
