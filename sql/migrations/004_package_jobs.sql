-- Where the table package comes from: a job per project reads its spec files, at the tip of each
-- branch that a repository publishes. And a sync tells which branch HEAD names.

SET LOCAL search_path = hub;

ALTER TABLE job
	DROP CONSTRAINT job_kind_check,
	DROP CONSTRAINT job_check,
	ADD CONSTRAINT job_kind_check CHECK (kind IN ('sync', 'packages', 'remove_store')),
	ADD CONSTRAINT job_project_check
		CHECK ((kind IN ('sync', 'packages')) = (project_id IS NOT NULL));

-- Whose address is this? For committers.
CREATE INDEX account_email_lower ON account_email (lower(email));

-- ---------------------------------------------------------------- who asks for it

-- A job for each of these projects that is a package and stands in a repository; a running one is
-- followed by one more. Rows are locked in the order of deletions (project, job), and one that is
-- being deleted is left out.
CREATE FUNCTION request_packages(projects bigint[]) RETURNS void LANGUAGE sql
SECURITY DEFINER SET search_path = hub, pg_temp AS $$
	INSERT INTO job AS j (kind, project_id)
	SELECT 'packages', p.id FROM project p
	WHERE p.id = ANY (projects) AND p.is_package
		AND EXISTS (SELECT FROM repository_project a WHERE a.project_id = p.id)
	ORDER BY p.id FOR KEY SHARE OF p
	ON CONFLICT (project_id, kind) WHERE project_id IS NOT NULL DO UPDATE SET
		again = (j.state = 'running'),
		state = CASE WHEN j.state = 'running' THEN j.state ELSE 'queued' END,
		run_at = CASE WHEN j.state = 'running' THEN j.run_at ELSE '-infinity' END,
		queued_at = CASE WHEN j.state IN ('running', 'queued') THEN j.queued_at ELSE now() END
$$;

-- Whatever changes what the spec files would say asks for it by itself, whoever did it: a push or a
-- sync (the store's generation), another branch under HEAD, a project that comes into a repository
-- or becomes a package, another branch that is published. What a project has no more goes at once:
-- with its row of repository_project, or here.
CREATE FUNCTION package_trigger() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = hub, pg_temp AS $$
DECLARE
	projects bigint[];
BEGIN
	IF TG_TABLE_NAME = 'store' THEN
		projects := array(SELECT p.id FROM project p WHERE p.store_id = NEW.id);
	ELSIF TG_TABLE_NAME = 'repository' THEN
		projects := array(SELECT a.project_id FROM repository_project a
			WHERE a.repository_id = NEW.id);
	ELSIF TG_TABLE_NAME = 'repository_project' THEN
		projects := array[NEW.project_id];
	ELSIF NEW.is_package THEN
		projects := array[NEW.id];
	ELSE
		DELETE FROM package k WHERE k.project_id = NEW.id;
	END IF;
	PERFORM request_packages(projects);
	RETURN NULL;
END $$;
CREATE TRIGGER package_store AFTER UPDATE OF generation, head ON store FOR EACH ROW
	WHEN (OLD.generation <> NEW.generation OR OLD.head <> NEW.head)
	EXECUTE FUNCTION package_trigger();
CREATE TRIGGER package_repository AFTER UPDATE OF publish_builds_only_from_branch ON repository
	FOR EACH ROW WHEN (OLD.publish_builds_only_from_branch
		IS DISTINCT FROM NEW.publish_builds_only_from_branch)
	EXECUTE FUNCTION package_trigger();
CREATE TRIGGER package_attached AFTER INSERT ON repository_project FOR EACH ROW
	EXECUTE FUNCTION package_trigger();
CREATE TRIGGER package_project AFTER UPDATE OF is_package ON project FOR EACH ROW
	WHEN (OLD.is_package <> NEW.is_package) EXECUTE FUNCTION package_trigger();

-- ---------------------------------------------------------------- what the job reads and writes

-- Of a main platform's repository the branch it publishes, else '', which is the one that HEAD
-- names: a personal platform has no such setting (contracts/abf.md 3.3 R4).
CREATE FUNCTION package_places(project bigint)
RETURNS TABLE (repository_id bigint, branch text) LANGUAGE sql STABLE AS $$
	SELECT r.id, CASE f.platform_type
		WHEN 'main' THEN coalesce(r.publish_builds_only_from_branch, '') ELSE '' END
	FROM hub.repository_project a
	JOIN hub.repository r ON r.id = a.repository_id
	JOIN hub.platform f ON f.id = r.platform_id
	WHERE a.project_id = project
$$;

-- Those branches as a JSON list; at most 50, and none that no branch can be called.
CREATE FUNCTION package_branches(project bigint) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT coalesce(jsonb_agg(b.branch), '[]')::text FROM (
		SELECT DISTINCT p.branch FROM hub.package_places(project) p
		WHERE p.branch !~ '[[:cntrl:]]' ORDER BY 1 LIMIT 50) b
$$;

-- What the spec files on these branches say: [{branch, commit_id, committer_name, committer_email,
-- name, epoch, version, release}]. Rows of a package that is there no more go. Changes nothing
-- unless the job still is the caller's, and says whether it is.
CREATE FUNCTION package_put(job_id bigint, fence bigint, branches jsonb, listed jsonb)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = hub, pg_temp AS $$
DECLARE
	its_project bigint;
	place record;
BEGIN
	-- project, job: the order of deletions
	SELECT p.id INTO its_project FROM project p WHERE p.id =
		(SELECT j.project_id FROM job j WHERE j.id = job_id) AND p.is_package FOR SHARE;
	PERFORM FROM job j WHERE j.id = job_id AND j.fence = package_put.fence AND j.kind = 'packages'
		AND j.state = 'running' FOR NO KEY UPDATE;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	FOR place IN SELECT p.repository_id, p.branch FROM package_places(its_project) p
		JOIN repository_project a ON a.project_id = its_project AND a.repository_id = p.repository_id
		WHERE branches ? p.branch ORDER BY p.repository_id FOR KEY SHARE OF a
	LOOP
		DELETE FROM package k
		WHERE k.repository_id = place.repository_id AND k.project_id = its_project
			AND k.name NOT IN (SELECT f ->> 'name' FROM jsonb_array_elements(listed) f
				WHERE f ->> 'branch' = place.branch);
		INSERT INTO package AS k (repository_id, project_id, name, epoch, version, release,
			commit_id, committer_name, committer_email)
		SELECT place.repository_id, its_project, f.name, f.epoch, f.version, f.release,
			f.commit_id, f.committer_name, f.committer_email
		FROM jsonb_to_recordset(listed) AS f (branch text, name text, epoch bigint, version text,
			release text, commit_id text, committer_name text, committer_email text)
		WHERE f.branch = place.branch
		ORDER BY f.name
		ON CONFLICT (repository_id, project_id, name) DO UPDATE SET
			epoch = EXCLUDED.epoch, version = EXCLUDED.version, release = EXCLUDED.release,
			commit_id = EXCLUDED.commit_id, committer_name = EXCLUDED.committer_name,
			committer_email = EXCLUDED.committer_email, updated_at = now()
		WHERE (k.epoch, k.version, k.release, k.commit_id, k.committer_name, k.committer_email)
			IS DISTINCT FROM (EXCLUDED.epoch, EXCLUDED.version, EXCLUDED.release,
			EXCLUDED.commit_id, EXCLUDED.committer_name, EXCLUDED.committer_email);
	END LOOP;
	RETURN true;
END $$;

-- ---------------------------------------------------------------- the queue, with one kind more

-- As before, and for packages: the branches to be read (a JSON list). One whose project is no
-- package any more, or in no repository, is parked.
DROP FUNCTION job_claim(jsonb, boolean, bigint, bigint);
CREATE FUNCTION job_claim(workers jsonb, with_syncs boolean, lease_s bigint, default_interval_s bigint)
RETURNS TABLE (id bigint, kind text, fence bigint, worker text, attempts bigint, project_id bigint,
	path text, store_id bigint, fingerprint text, url text, sealed_credentials text,
	interval_s bigint, branches text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	WITH due AS MATERIALIZED (
		SELECT j.id, j.project_id, j.store_id, j.kind, j.state, j.run_at FROM hub.job j
		WHERE j.state <> 'running' AND j.run_at <= now() AND (with_syncs OR j.kind <> 'sync')
		ORDER BY j.run_at, j.id LIMIT jsonb_array_length(workers)
		FOR UPDATE SKIP LOCKED
	), live AS MATERIALIZED (
		SELECT d.id, d.kind, d.state, row_number() OVER (ORDER BY d.run_at, d.id) AS k
		FROM due d LEFT JOIN hub.mirror m ON m.project_id = d.project_id
		WHERE CASE d.kind WHEN 'sync' THEN NOT m.paused
			WHEN 'packages' THEN EXISTS (SELECT FROM hub.project p
				JOIN hub.repository_project a ON a.project_id = p.id
				WHERE p.id = d.project_id AND p.is_package)
			ELSE NOT EXISTS (SELECT FROM hub.project u WHERE u.store_id = d.store_id) END
	), parked AS (    -- paused, no mirror or package any more, or a store that a project still has
		DELETE FROM hub.job j USING due d
		WHERE j.id = d.id AND NOT EXISTS (SELECT FROM live l WHERE l.id = d.id)
	), taken AS (
		UPDATE hub.job j SET state = 'running', worker = w.name, fence = nextval('hub.fence_seq'),
			lease_until = now() + make_interval(secs => lease_s), started_at = now(),
			again = false, phase = '', bytes = 0, objects = 0, objects_total = 0,
			attempts = CASE l.state WHEN 'dead' THEN 0 ELSE j.attempts END
		FROM live l
		JOIN jsonb_array_elements_text(workers) WITH ORDINALITY w (name, k) ON w.k = l.k
		WHERE j.id = l.id
		RETURNING j.id, j.kind, j.fence, j.worker, j.attempts, j.project_id, j.store_id
	), moved AS (    -- numbers about syncs: reading spec files is none
		UPDATE hub.counter c SET n = c.n + v.n
		FROM (SELECT 'scheduled_moved' AS name,
				count(*) FILTER (WHERE l.state IN ('scheduled', 'dead')) AS n
				FROM live l WHERE l.kind <> 'packages'
			UNION ALL
			SELECT 'retries_moved', count(*) FILTER (WHERE l.state = 'retry')
				FROM live l WHERE l.kind <> 'packages') v
		WHERE c.name = v.name AND v.n > 0
	)
	SELECT t.id, t.kind, t.fence, t.worker, t.attempts::bigint, t.project_id, p.path::text, s.id,
		coalesce(encode(s.fingerprint, 'hex'), ''), m.url, m.sealed_credentials,
		coalesce(m.interval_s, default_interval_s),
		CASE t.kind WHEN 'packages' THEN hub.package_branches(t.project_id) END
	FROM taken t
	LEFT JOIN hub.project p ON p.id = t.project_id
	LEFT JOIN hub.mirror m ON m.project_id = t.project_id
	JOIN hub.store s ON s.id = coalesce(p.store_id, t.store_id);
END $$;

-- As before; the rows are locked in the order that triggers and job_finish lock them in.
CREATE OR REPLACE FUNCTION job_renew(held jsonb, lease_s bigint) RETURNS SETOF bigint
LANGUAGE sql AS $$
	WITH mine AS MATERIALIZED (
		SELECT j.id, h.phase, h.bytes, h.objects, h.objects_total
		FROM jsonb_to_recordset(held) AS h (id bigint, fence bigint, phase text, bytes bigint,
			objects bigint, objects_total bigint)
		JOIN hub.job j ON j.id = h.id AND j.fence = h.fence AND j.state = 'running'
		ORDER BY j.project_id, j.id FOR NO KEY UPDATE OF j
	)
	UPDATE hub.job j SET phase = m.phase, bytes = m.bytes, objects = m.objects,
		objects_total = m.objects_total,
		lease_until = CASE WHEN j.lease_until > now() + make_interval(secs => lease_s * 0.75)
			THEN j.lease_until ELSE now() + make_interval(secs => lease_s) END
	FROM mine m WHERE j.id = m.id
	RETURNING j.id
$$;

-- As before; reading spec files leaves no run, touches no mirror and no counter. A sync that went
-- well says which branch HEAD names ('': unknown).
CREATE OR REPLACE FUNCTION job_finish(results jsonb, default_interval_s bigint, attempts_max bigint)
RETURNS SETOF bigint LANGUAGE plpgsql AS $$
DECLARE
	r record;
	j hub.job;
	m hub.mirror;
	is_ok boolean;
	is_dead boolean;
	n_done bigint := 0;
	n_failed bigint := 0;
	interval_s bigint;
	next_state text;
	next_run timestamptz;
BEGIN
	FOR r IN SELECT * FROM jsonb_to_recordset(results) AS t (id bigint, project_id bigint,
		fence bigint, is_lost boolean, is_changed boolean, error_class text, error_text text,
		delay_s bigint, bytes bigint, objects bigint, refs_changed bigint, size_bytes bigint,
		fingerprint text, latest_version text, head text) ORDER BY t.project_id, t.id
	LOOP
		-- project, mirror, job: the order of deletions and of admin.pause, so that none of them
		-- waits for us while we wait for it, and a pause is seen
		PERFORM FROM hub.project p WHERE p.id = r.project_id FOR KEY SHARE;
		SELECT q.* INTO m FROM hub.mirror q WHERE q.project_id = r.project_id FOR NO KEY UPDATE;
		SELECT q.* INTO j FROM hub.job q WHERE q.id = r.id AND q.fence = r.fence
			AND q.state = 'running' AND (NOT r.is_lost OR q.lease_until < now()) FOR UPDATE;
		CONTINUE WHEN NOT FOUND;
		is_ok := r.error_class = '';
		is_dead := NOT is_ok AND j.attempts + 1 >= attempts_max;
		RETURN NEXT j.id;
		n_done := n_done + (j.kind <> 'packages')::int;
		n_failed := n_failed + (NOT is_ok AND j.kind <> 'packages')::int;
		interval_s := coalesce(m.interval_s, default_interval_s);
		IF j.again THEN
			next_state := 'queued';
			next_run := '-infinity';
		ELSIF is_ok OR is_dead THEN
			next_state := CASE WHEN is_ok THEN 'scheduled' ELSE 'dead' END;
			next_run := now() + make_interval(secs => interval_s);
		ELSE
			next_state := 'retry';
			next_run := now() + make_interval(secs => r.delay_s);
		END IF;
		IF (j.kind = 'sync' AND coalesce(m.paused, true))
			OR (j.kind <> 'sync' AND is_ok AND NOT j.again) THEN
			DELETE FROM hub.job q WHERE q.id = j.id;
		ELSE
			UPDATE hub.job q SET state = next_state, run_at = next_run, again = false,
				queued_at = CASE WHEN j.again THEN now() ELSE q.queued_at END,
				attempts = CASE WHEN is_ok THEN 0 ELSE j.attempts + 1 END,
				worker = NULL, lease_until = NULL, phase = ''
			WHERE q.id = j.id;
		END IF;
		IF j.kind = 'remove_store' AND is_ok THEN
			DELETE FROM hub.store s WHERE s.id = j.store_id
				AND NOT EXISTS (SELECT FROM hub.project p WHERE p.store_id = s.id);
		END IF;
		CONTINUE WHEN j.kind <> 'sync';
		INSERT INTO hub.run (project_id, fence, worker, started_at, outcome, error_class,
			error_text, bytes, objects, refs_changed)
		VALUES (j.project_id, j.fence, j.worker, j.started_at,
			CASE WHEN NOT is_ok THEN 'failed' WHEN r.is_changed THEN 'changed' ELSE 'unchanged' END,
			r.error_class, r.error_text, r.bytes, r.objects, r.refs_changed);
		UPDATE hub.mirror q SET last_attempt_at = now(),
			last_success_at = CASE WHEN is_ok THEN now() ELSE q.last_success_at END,
			last_change_at = CASE WHEN is_ok AND r.is_changed THEN now() ELSE q.last_change_at END,
			failures = CASE WHEN is_ok THEN 0 ELSE q.failures + 1 END,
			latest_version = CASE WHEN is_ok THEN coalesce(r.latest_version, q.latest_version)
				ELSE q.latest_version END,
			error_class = r.error_class, error_text = r.error_text
		WHERE q.project_id = j.project_id;
		IF is_ok AND r.fingerprint <> '' THEN
			UPDATE hub.store s SET fingerprint = decode(r.fingerprint, 'hex'),
				generation = s.generation
					+ (s.fingerprint IS DISTINCT FROM decode(r.fingerprint, 'hex'))::int,
				head = coalesce(nullif(r.head, ''), s.head),
				size_bytes = CASE WHEN r.size_bytes > 0 THEN r.size_bytes ELSE s.size_bytes END
			FROM hub.project p WHERE p.id = j.project_id AND s.id = p.store_id
				AND (s.fingerprint IS DISTINCT FROM decode(r.fingerprint, 'hex')
					OR s.head <> coalesce(nullif(r.head, ''), s.head));
		END IF;
	END LOOP;
	UPDATE hub.counter c SET n = c.n + n_failed WHERE c.name = 'failures' AND n_failed > 0;
	UPDATE hub.counter c SET n = c.n + n_done WHERE c.name = 'processed' AND n_done > 0;
END $$;
