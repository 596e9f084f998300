-- The model of Mirrorhub: people, projects, mirrors, the queue. One transaction, run by
-- `mirrorhub migrate` as mirrorhub_owner. Times are timestamptz; the programs read them as
-- Unix seconds. Access levels everywhere: 0 none, 1 read, 2 write, 3 admin.

CREATE SCHEMA hub;
SET LOCAL search_path = hub;

CREATE DOMAIN access AS smallint CHECK (VALUE BETWEEN 0 AND 3);

-- ---------------------------------------------------------------- people

-- Unames of accounts and teams share one namespace (ABF: unique among users and groups).
CREATE TABLE uname_taken (
	uname_key text COLLATE "C" PRIMARY KEY
);

CREATE TABLE account (
	id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	uname            text COLLATE "C" NOT NULL
	                 CHECK (uname ~ '^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$' AND uname !~ '^[0-9]+$'),
	first_name       text NOT NULL DEFAULT '' CHECK (length(first_name) <= 255),
	last_name        text NOT NULL DEFAULT '' CHECK (length(last_name) <= 255),
	email            text NOT NULL DEFAULT '' CHECK (length(email) <= 255),
	-- libsodium's $argon2id$… or a crypt(3) string; '' means that no password fits
	password_hash    text NOT NULL DEFAULT '',
	-- raised with each new password: what was remembered of the old one is void at once
	password_version bigint NOT NULL DEFAULT 1,
	role             text NOT NULL DEFAULT 'user'
	                 CHECK (role IN ('user', 'admin', 'system', 'tester', 'banned')),
	active           boolean NOT NULL DEFAULT true,
	created_at       timestamptz NOT NULL DEFAULT now(),
	updated_at       timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX account_uname_key ON account (lower(uname));
CREATE UNIQUE INDEX account_email_key ON account (lower(email)) WHERE email <> '';

CREATE TABLE account_email (
	account_id bigint NOT NULL REFERENCES account ON DELETE CASCADE,
	email      text NOT NULL CHECK (length(email) BETWEEN 3 AND 255),
	PRIMARY KEY (account_id, email)
);

CREATE TABLE token (
	id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	account_id   bigint NOT NULL REFERENCES account ON DELETE CASCADE,
	hash         bytea NOT NULL UNIQUE CHECK (length(hash) = 32),   -- SHA-256 of the 40 characters
	prefix       text NOT NULL CHECK (prefix ~ '^[0-9a-f]{6}$'),    -- to tell tokens apart in lists
	description  text NOT NULL DEFAULT '' CHECK (length(description) <= 255),
	-- the most that may be done with it, whatever its account may
	scope        access NOT NULL DEFAULT 3,
	created_at   timestamptz NOT NULL DEFAULT now(),
	expires_at   timestamptz,
	last_used_at timestamptz
);
CREATE INDEX token_account ON token (account_id);

CREATE TABLE team (
	id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	uname            text COLLATE "C" NOT NULL
	                 CHECK (uname ~ '^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$' AND uname !~ '^[0-9]+$'),
	owner_account_id bigint NOT NULL REFERENCES account,
	description      text NOT NULL DEFAULT '',
	created_at       timestamptz NOT NULL DEFAULT now(),
	updated_at       timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX team_uname_key ON team (lower(uname));
CREATE INDEX team_owner ON team (owner_account_id);

CREATE TABLE team_member (
	team_id    bigint NOT NULL REFERENCES team ON DELETE CASCADE,
	account_id bigint NOT NULL REFERENCES account ON DELETE CASCADE,
	role       access NOT NULL CHECK (role > 0),
	PRIMARY KEY (team_id, account_id)
);
CREATE INDEX team_member_account ON team_member (account_id, team_id, role);

CREATE FUNCTION uname_take() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP <> 'INSERT' THEN
		DELETE FROM hub.uname_taken WHERE uname_key = lower(OLD.uname);
	END IF;
	IF TG_OP <> 'DELETE' THEN
		INSERT INTO hub.uname_taken VALUES (lower(NEW.uname));
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER account_uname AFTER INSERT OR DELETE OR UPDATE OF uname ON account
	FOR EACH ROW EXECUTE FUNCTION uname_take();
CREATE TRIGGER team_uname AFTER INSERT OR DELETE OR UPDATE OF uname ON team
	FOR EACH ROW EXECUTE FUNCTION uname_take();

-- Failed log-ins, for the limits. Cleaned by the janitor; not worth a log write each.
CREATE UNLOGGED TABLE auth_failure (
	key text COLLATE "C" NOT NULL,  -- 'account:<uname>' or 'network:<prefix>'
	at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX auth_failure_key ON auth_failure (key, at);

-- ---------------------------------------------------------------- projects

CREATE TABLE store (
	id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	node        integer NOT NULL DEFAULT 1,
	-- SHA-256 over the published refs, and a number that rises with each publication
	fingerprint bytea,
	generation  bigint NOT NULL DEFAULT 0,
	size_bytes  bigint NOT NULL DEFAULT 0,
	damaged     boolean NOT NULL DEFAULT false,
	created_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE project (
	id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	path             text COLLATE "C" NOT NULL CHECK (octet_length(path) BETWEEN 1 AND 1000
	                 AND path !~ '^[0-9]+$' AND path !~ '(^|/)\.{0,2}(/|$)'),
	name             text COLLATE "C" GENERATED ALWAYS AS (regexp_replace(path, '^.*/', '')) STORED,
	owner_account_id bigint REFERENCES account,
	owner_team_id    bigint REFERENCES team,
	-- what everyone may who has no grant of his own; people without an account at most read
	default_access   access NOT NULL DEFAULT 1,
	description      text NOT NULL DEFAULT '',
	is_mirror        boolean NOT NULL DEFAULT false,
	store_id         bigint NOT NULL REFERENCES store,
	alias_of         bigint REFERENCES project,
	created_at       timestamptz NOT NULL DEFAULT now(),
	updated_at       timestamptz NOT NULL DEFAULT now(),
	CHECK (num_nonnulls(owner_account_id, owner_team_id) = 1)
);
CREATE UNIQUE INDEX project_path_key ON project (lower(path));
CREATE INDEX project_path ON project (path);
-- Lists walk this one alone (index-only) up to their page, so a deep page stays cheap.
CREATE INDEX project_mirror_path ON project (path)
	INCLUDE (id, owner_account_id, owner_team_id, default_access) WHERE is_mirror;
CREATE INDEX project_owner_account ON project (owner_account_id);
CREATE INDEX project_owner_team ON project (owner_team_id);
CREATE INDEX project_store ON project (store_id);

CREATE TABLE project_grant (
	id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	project_id bigint NOT NULL REFERENCES project ON DELETE CASCADE,
	account_id bigint REFERENCES account ON DELETE CASCADE,
	team_id    bigint REFERENCES team ON DELETE CASCADE,
	access     access NOT NULL,   -- 0 for an account takes the default away
	CHECK (num_nonnulls(account_id, team_id) = 1)
);
CREATE UNIQUE INDEX project_grant_account ON project_grant (project_id, account_id) WHERE account_id IS NOT NULL;
CREATE UNIQUE INDEX project_grant_team ON project_grant (project_id, team_id) WHERE team_id IS NOT NULL;
CREATE INDEX project_grant_by_account ON project_grant (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX project_grant_by_team ON project_grant (team_id) WHERE team_id IS NOT NULL;

-- The one access rule. asker 0 is nobody. The outer function holds no sub-select, so PostgreSQL
-- inlines it and the common cases (nobody, administrator, owner) cost nothing. The inner one is
-- plpgsql, which keeps its plans: in SQL it would be planned anew in each query, 0.6 ms.
CREATE FUNCTION project_access_of_account(asker bigint, project_id bigint, owner_team_id bigint,
	default_access access) RETURNS smallint
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
	RETURN greatest(
		coalesce((SELECT g.access FROM hub.project_grant g
			WHERE g.project_id = $2 AND g.account_id = $1), $4),
		coalesce((SELECT max(g.access) FROM hub.team_member m
			JOIN hub.project_grant g ON g.team_id = m.team_id AND g.project_id = $2
			WHERE m.account_id = $1), 0),
		coalesce((SELECT m.role FROM hub.team_member m
			WHERE m.team_id = $3 AND m.account_id = $1), 0),
		CASE WHEN EXISTS (SELECT FROM hub.team t WHERE t.id = $3 AND t.owner_account_id = $1)
			THEN 3 ELSE 0 END)::smallint;
END $$;

CREATE FUNCTION project_access(asker bigint, asker_is_admin boolean, project_id bigint,
	owner_account_id bigint, owner_team_id bigint, default_access access) RETURNS smallint
LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT CASE
		WHEN asker_is_admin THEN 3::smallint
		WHEN asker = 0 THEN least(default_access::smallint, 1::smallint)
		WHEN asker = owner_account_id THEN 3::smallint
		ELSE hub.project_access_of_account(asker, project_id, owner_team_id, default_access)
	END
$$;

-- Besides its own, the projects on which an account may have another access than the default: those
-- of its teams, and those with a grant for it or its teams. For all others project_access is
-- default_access, so lists call the rule only for these, and totals add only these to a counter.
-- plpgsql keeps the plan, and the promise of about 100 rows keeps the caller from reading everything;
-- OFFSET 0 for the same reason in here: one look into an index per team.
CREATE FUNCTION projects_touched(asker bigint) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 100 AS $$
BEGIN
	RETURN QUERY
	SELECT p.id FROM hub.team_member m CROSS JOIN LATERAL (
		SELECT q.id FROM hub.project q WHERE q.owner_team_id = m.team_id OFFSET 0) p
		WHERE m.account_id = asker
	UNION SELECT p.id FROM hub.team t CROSS JOIN LATERAL (
		SELECT q.id FROM hub.project q WHERE q.owner_team_id = t.id OFFSET 0) p
		WHERE t.owner_account_id = asker
	UNION SELECT g.project_id FROM hub.project_grant g WHERE g.account_id = asker
	UNION SELECT g.project_id FROM hub.team_member m CROSS JOIN LATERAL (
		SELECT h.project_id FROM hub.project_grant h WHERE h.team_id = m.team_id OFFSET 0) g
		WHERE m.account_id = asker;
END $$;

-- ---------------------------------------------------------------- mirrors and the queue

CREATE TABLE mirror (
	project_id         bigint PRIMARY KEY REFERENCES project ON DELETE CASCADE,
	url                text NOT NULL CHECK (octet_length(url) BETWEEN 1 AND 2000),  -- without credentials
	sealed_credentials text,          -- "user:password" of http(s), sealed; opened by sync alone
	mirror_url         text,          -- where it is pushed on; NULL: our own clone URL
	interval_s         integer CHECK (interval_s >= 60),  -- NULL: the setting `schedule`
	paused             boolean NOT NULL DEFAULT false,
	latest_version     text NOT NULL DEFAULT '',
	last_attempt_at    timestamptz,
	last_success_at    timestamptz,
	last_change_at     timestamptz,
	failures           integer NOT NULL DEFAULT 0,   -- in a row
	error_class        text NOT NULL DEFAULT '',
	error_text         text NOT NULL DEFAULT ''      -- one plain sentence, without secrets
);

CREATE TABLE queue (
	name text PRIMARY KEY
);
INSERT INTO queue VALUES ('default');

CREATE SEQUENCE fence_seq;

CREATE TABLE job (
	id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	queue         text NOT NULL DEFAULT 'default' REFERENCES queue,
	kind          text NOT NULL CHECK (kind IN ('sync', 'remove_store')),
	project_id    bigint REFERENCES project ON DELETE CASCADE,
	store_id      bigint REFERENCES store,
	state         text NOT NULL DEFAULT 'queued'
	              CHECK (state IN ('queued', 'running', 'scheduled', 'retry', 'dead')),
	run_at        timestamptz NOT NULL DEFAULT '-infinity',  -- -infinity: someone waits for it
	queued_at     timestamptz NOT NULL DEFAULT now(),
	attempts      integer NOT NULL DEFAULT 0,        -- failed ones since the last success
	again         boolean NOT NULL DEFAULT false,    -- asked for while running: run once more
	-- while running
	worker        text,
	fence         bigint NOT NULL DEFAULT 0,         -- new with each claim; writes carry it
	lease_until   timestamptz,
	started_at    timestamptz,
	phase         text NOT NULL DEFAULT '' CHECK (phase IN ('', 'probing', 'fetching', 'checking', 'publishing', 'pushing')),
	bytes         bigint NOT NULL DEFAULT 0,
	objects       bigint NOT NULL DEFAULT 0,
	objects_total bigint NOT NULL DEFAULT 0,
	CHECK ((kind = 'sync') = (project_id IS NOT NULL)),
	CHECK ((kind = 'remove_store') = (store_id IS NOT NULL)),
	CHECK ((state = 'running') = (lease_until IS NOT NULL))
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 500,
        autovacuum_vacuum_cost_limit = 2000);
CREATE UNIQUE INDEX job_one_per_project ON job (project_id, kind) WHERE project_id IS NOT NULL;
CREATE UNIQUE INDEX job_one_per_store ON job (store_id, kind) WHERE store_id IS NOT NULL;
CREATE INDEX job_due ON job (run_at, id) WHERE state <> 'running';
CREATE INDEX job_running ON job (lease_until) WHERE state = 'running';

CREATE FUNCTION job_notice() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NOTIFY mirrorhub_job;
	RETURN NULL;
END $$;
CREATE TRIGGER job_queued AFTER INSERT OR UPDATE OF state ON job
	FOR EACH ROW WHEN (NEW.state = 'queued') EXECUTE FUNCTION job_notice();

-- Asks for a sync now. A running one is followed by one more; a paused mirror stays paused.
CREATE FUNCTION request_sync(project bigint) RETURNS void LANGUAGE sql AS $$
	INSERT INTO hub.job AS j (kind, project_id)
	SELECT 'sync', m.project_id FROM hub.mirror m WHERE m.project_id = project AND NOT m.paused
	ON CONFLICT (project_id, kind) WHERE project_id IS NOT NULL DO UPDATE SET
		again = (j.state = 'running'),
		state = CASE WHEN j.state = 'running' THEN j.state ELSE 'queued' END,
		run_at = CASE WHEN j.state = 'running' THEN j.run_at ELSE '-infinity' END,
		queued_at = CASE WHEN j.state IN ('running', 'queued') THEN j.queued_at ELSE now() END
$$;

CREATE TABLE run (
	id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	project_id   bigint NOT NULL REFERENCES project ON DELETE CASCADE,
	fence        bigint NOT NULL UNIQUE,
	worker       text NOT NULL,
	started_at   timestamptz NOT NULL,
	finished_at  timestamptz NOT NULL DEFAULT now(),
	outcome      text NOT NULL CHECK (outcome IN ('changed', 'unchanged', 'failed')),
	error_class  text NOT NULL DEFAULT '',
	error_text   text NOT NULL DEFAULT '',
	bytes        bigint NOT NULL DEFAULT 0,
	objects      bigint NOT NULL DEFAULT 0,
	refs_changed bigint NOT NULL DEFAULT 0
);
CREATE INDEX run_project ON run (project_id, id DESC);

-- Worker processes with a heartbeat.
CREATE TABLE worker (
	name       text PRIMARY KEY,   -- host:pid:random
	started_at timestamptz NOT NULL DEFAULT now(),
	beat_at    timestamptz NOT NULL DEFAULT now()
);

-- ---------------------------------------------------------------- what sync does with the queue

-- Each function is one round trip and one transaction. Lists come as JSON, because a batch has any
-- length; all times are the server's.

-- A job for each of the named workers, as far as any is due. A lease, a new fencing number, and
-- all that the worker needs to know. A dead job that is due (its regular time) starts afresh.
-- with_syncs false: only what frees disk space.
CREATE FUNCTION job_claim(workers jsonb, with_syncs boolean, lease_s bigint, default_interval_s bigint)
RETURNS TABLE (id bigint, kind text, fence bigint, worker text, attempts bigint, project_id bigint,
	path text, store_id bigint, fingerprint text, url text, sealed_credentials text,
	interval_s bigint)
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
		SELECT d.id, d.state, row_number() OVER (ORDER BY d.run_at, d.id) AS k
		FROM due d LEFT JOIN hub.mirror m ON m.project_id = d.project_id
		WHERE CASE d.kind WHEN 'sync' THEN NOT m.paused
			ELSE NOT EXISTS (SELECT FROM hub.project u WHERE u.store_id = d.store_id) END
	), parked AS (    -- paused, no mirror any more, or a store that a project still has
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
	), moved AS (
		UPDATE hub.counter c SET n = c.n + v.n
		FROM (SELECT 'scheduled_moved' AS name,
				count(*) FILTER (WHERE l.state IN ('scheduled', 'dead')) AS n FROM live l
			UNION ALL
			SELECT 'retries_moved', count(*) FILTER (WHERE l.state = 'retry') FROM live l) v
		WHERE c.name = v.name AND v.n > 0
	)
	SELECT t.id, t.kind, t.fence, t.worker, t.attempts::bigint, t.project_id, p.path::text, s.id,
		coalesce(encode(s.fingerprint, 'hex'), ''), m.url, m.sealed_credentials,
		coalesce(m.interval_s, default_interval_s)
	FROM taken t
	LEFT JOIN hub.project p ON p.id = t.project_id
	LEFT JOIN hub.mirror m ON m.project_id = t.project_id
	JOIN hub.store s ON s.id = coalesce(p.store_id, t.store_id);
END $$;

-- Extends the leases of jobs that are still theirs ({id, fence, phase, bytes, objects,
-- objects_total}) and shows how far they are. A job that is not in the answer belongs to someone
-- else now, or is gone. Progress alone leaves lease_until as it is: no index is touched.
CREATE FUNCTION job_renew(held jsonb, lease_s bigint) RETURNS SETOF bigint
LANGUAGE sql AS $$
	UPDATE hub.job j SET phase = h.phase, bytes = h.bytes, objects = h.objects,
		objects_total = h.objects_total,
		lease_until = CASE WHEN j.lease_until > now() + make_interval(secs => lease_s * 0.75)
			THEN j.lease_until ELSE now() + make_interval(secs => lease_s) END
	FROM jsonb_to_recordset(held) AS h (id bigint, fence bigint, phase text, bytes bigint,
		objects bigint, objects_total bigint)
	WHERE j.id = h.id AND j.fence = h.fence AND j.state = 'running'
	RETURNING j.id
$$;

-- Puts jobs back ({id, fence}) as if they had not been taken.
CREATE FUNCTION job_release(held jsonb) RETURNS SETOF bigint
LANGUAGE sql AS $$
	UPDATE hub.job j SET state = 'queued', run_at = '-infinity', queued_at = now(), again = false,
		worker = NULL, lease_until = NULL, phase = ''
	FROM jsonb_to_recordset(held) AS h (id bigint, fence bigint)
	WHERE j.id = h.id AND j.fence = h.fence AND j.state = 'running'
	RETURNING j.id
$$;

-- Ends jobs: the run's row, what the mirror and its store show, the counters, and when it runs
-- next: at once if it was asked for meanwhile; interval_s after success, to the second; delay_s
-- after a failure; at its regular time when the attempts are used up; never while paused.
-- Results whose fencing number is not the job's any more change nothing. Returns the jobs that
-- ended so.
CREATE FUNCTION job_finish(results jsonb, default_interval_s bigint, attempts_max bigint)
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
		fingerprint text, latest_version text) ORDER BY t.id
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
		n_done := n_done + 1;
		n_failed := n_failed + (NOT is_ok)::int;
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
		IF (j.kind = 'sync' AND coalesce(m.paused, true)) OR (j.kind <> 'sync' AND is_ok) THEN
			DELETE FROM hub.job q WHERE q.id = j.id;
		ELSE
			UPDATE hub.job q SET state = next_state, run_at = next_run, again = false,
				queued_at = CASE WHEN j.again THEN now() ELSE q.queued_at END,
				attempts = CASE WHEN is_ok THEN 0 ELSE j.attempts + 1 END,
				worker = NULL, lease_until = NULL, phase = ''
			WHERE q.id = j.id;
		END IF;
		IF j.kind = 'remove_store' THEN
			IF is_ok THEN
				DELETE FROM hub.store s WHERE s.id = j.store_id
					AND NOT EXISTS (SELECT FROM hub.project p WHERE p.store_id = s.id);
			END IF;
			CONTINUE;
		END IF;
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
				generation = s.generation + 1,
				size_bytes = CASE WHEN r.size_bytes > 0 THEN r.size_bytes ELSE s.size_bytes END
			FROM hub.project p WHERE p.id = j.project_id AND s.id = p.store_id
				AND s.fingerprint IS DISTINCT FROM decode(r.fingerprint, 'hex');
		END IF;
	END LOOP;
	UPDATE hub.counter c SET n = c.n + n_failed WHERE c.name = 'failures' AND n_failed > 0;
	UPDATE hub.counter c SET n = c.n + n_done WHERE c.name = 'processed' AND n_done > 0;
END $$;

-- Jobs whose lease ran out: whoever ran them is gone. A failed attempt each, due again at once.
CREATE FUNCTION job_reap(default_interval_s bigint, attempts_max bigint) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	n_reaped bigint;
BEGIN
	SELECT count(*) INTO n_reaped FROM hub.job_finish((
		SELECT jsonb_agg(jsonb_build_object('id', j.id, 'project_id', j.project_id,
			'fence', j.fence, 'is_lost', true, 'is_changed', false, 'error_class', 'local',
			'error_text', 'the program that ran it disappeared', 'delay_s', 0,
			'bytes', j.bytes, 'objects', j.objects, 'refs_changed', 0))
		FROM (SELECT * FROM hub.job q WHERE q.state = 'running' AND q.lease_until < now()
			ORDER BY q.lease_until LIMIT 1000) j), default_interval_s, attempts_max);
	UPDATE hub.counter c SET n = c.n + n_reaped WHERE c.name = 'busy_reaped' AND n_reaped > 0;
	RETURN n_reaped;
END $$;

-- One pass of a sync program: its workers are alive, those silent for a minute are dead, and its
-- looks at the queue took so long. Each look covers all three sets.
CREATE FUNCTION job_pass(workers jsonb, claim_wall_us bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	n_gone bigint;
BEGIN
	INSERT INTO hub.worker (name) SELECT w FROM jsonb_array_elements_text(workers) w ORDER BY w
		ON CONFLICT (name) DO UPDATE SET beat_at = now();
	WITH gone AS (DELETE FROM hub.worker WHERE beat_at < now() - interval '60 s' RETURNING name)
		SELECT count(*) INTO n_gone FROM gone;
	UPDATE hub.counter c SET n = c.n + 1, wall_us = c.wall_us + claim_wall_us
		WHERE c.name IN ('dead_cycles', 'retries_cycles', 'scheduled_cycles');
	UPDATE hub.counter c SET n = c.n + n_gone WHERE c.name = 'workers_reaped' AND n_gone > 0;
END $$;

-- ---------------------------------------------------------------- numbers and the audit trail

CREATE TABLE counter (
	name    text PRIMARY KEY,
	n       bigint NOT NULL DEFAULT 0,
	wall_us bigint NOT NULL DEFAULT 0
);
INSERT INTO counter (name) VALUES
	('projects'), ('projects_open'), ('mirrors'), ('mirrors_open'),
	('processed'), ('failures'), ('busy_reaped'), ('workers_reaped'),
	('scheduled_moved'), ('scheduled_cycles'), ('retries_moved'), ('retries_cycles'),
	('dead_purged'), ('dead_cycles'), ('backups');

-- Totals of lists without counting: kept by the statement that changes projects.
CREATE FUNCTION project_count() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = hub, pg_temp AS $$
DECLARE
	d record;
BEGIN
	IF TG_OP = 'INSERT' THEN
		SELECT count(*) p, count(*) FILTER (WHERE default_access > 0) po,
			count(*) FILTER (WHERE is_mirror) m,
			count(*) FILTER (WHERE is_mirror AND default_access > 0) mo INTO d FROM new_rows;
	ELSIF TG_OP = 'DELETE' THEN
		SELECT -count(*) p, -count(*) FILTER (WHERE default_access > 0) po,
			-count(*) FILTER (WHERE is_mirror) m,
			-count(*) FILTER (WHERE is_mirror AND default_access > 0) mo INTO d FROM old_rows;
	ELSE
		SELECT 0 p, n.po - o.po po, n.m - o.m m, n.mo - o.mo mo INTO d
		FROM (SELECT count(*) FILTER (WHERE default_access > 0) po,
			count(*) FILTER (WHERE is_mirror) m,
			count(*) FILTER (WHERE is_mirror AND default_access > 0) mo FROM new_rows) n,
		     (SELECT count(*) FILTER (WHERE default_access > 0) po,
			count(*) FILTER (WHERE is_mirror) m,
			count(*) FILTER (WHERE is_mirror AND default_access > 0) mo FROM old_rows) o;
	END IF;
	UPDATE counter c SET n = c.n + v.change
	FROM (VALUES ('projects', d.p), ('projects_open', d.po), ('mirrors', d.m), ('mirrors_open', d.mo))
		v (name, change)
	WHERE c.name = v.name AND v.change <> 0;
	RETURN NULL;
END $$;
CREATE TRIGGER project_count_insert AFTER INSERT ON project
	REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION project_count();
CREATE TRIGGER project_count_delete AFTER DELETE ON project
	REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION project_count();
CREATE TRIGGER project_count_update AFTER UPDATE ON project
	REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION project_count();

-- Who did what to which object. Nobody but the owner of the schema may change or delete a row.
CREATE TABLE event (
	id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	at          timestamptz NOT NULL DEFAULT now(),
	actor       text NOT NULL DEFAULT '',   -- uname; '' is nobody or the hub itself
	action      text NOT NULL,              -- project.create, project.delete, push, sync.request, …
	object      text NOT NULL DEFAULT '',   -- path or uname, as it was then
	detail      text NOT NULL DEFAULT '',
	remote_addr text NOT NULL DEFAULT '',
	result      text NOT NULL DEFAULT 'ok'
);
CREATE INDEX event_object ON event (object, id DESC);
