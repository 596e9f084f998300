-- Whom we ask, and how often. A host is what mirrors have in common: how much it takes, whether it
-- answers at all. And the queue with it: probes apart from whole syncs, limits per host, the mean
-- that intervals are made of, jobs of targets.

SET LOCAL search_path = hub;

-- ---------------------------------------------------------------- hosts

CREATE TABLE host (
	id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name          text COLLATE "C" NOT NULL UNIQUE CHECK (octet_length(name) BETWEEN 1 AND 1000),
	is_own        boolean,                       -- net.allow has it: no rate; NULL: not looked at yet
	v2            smallint NOT NULL DEFAULT 0 CHECK (v2 BETWEEN 0 AND 2),   -- unknown, yes, no
	-- requests at the same time: NULL is the beginning, +1 for a clean minute, halved by trouble
	slots         integer CHECK (slots >= 1),
	slots_at      timestamptz NOT NULL DEFAULT now(),
	-- the token bucket as one point in time: up to here all requests are paid for
	paid_until    timestamptz NOT NULL DEFAULT '-infinity',
	-- where the next job that has to wait is put
	backlog_at    timestamptz NOT NULL DEFAULT '-infinity',
	-- nothing is asked before; with a level, one trial first
	breaker_until timestamptz NOT NULL DEFAULT '-infinity',
	breaker_level integer NOT NULL DEFAULT 0,
	failures      integer NOT NULL DEFAULT 0,    -- network, in a row
	failing       bigint[] NOT NULL DEFAULT '{}',    -- the projects they were of, at most 8
	took_ms       bigint NOT NULL DEFAULT 0,     -- of a job, in the mean of the last ones
	error_text    text NOT NULL DEFAULT '',      -- of the last failure in a row
	error_at      timestamptz
) WITH (fillfactor = 50);
CREATE INDEX host_unknown ON host (id) WHERE is_own IS NULL;

-- "host:port" in lower case of an upstream: scheme://user@host:port/path, user@host:path, with names,
-- IPv4 and [IPv6]. NULL: on this machine, or nothing that we know.
CREATE FUNCTION host_name(url text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
	part text[];
	port text;
BEGIN
	part := regexp_match(url, '^([a-z][a-z0-9+.-]*)://(?:[^/?#]*@)?(\[[^]/?#]+\]|[^]/?#:@[]+)(?::([0-9]*))?(?:[/?#]|$)', 'i');
	IF part IS NULL THEN
		IF url ~* '^[a-z][a-z0-9+.-]*://' THEN
			RETURN NULL;
		END IF;
		part := regexp_match(url, '^(?:[^/:@[]*@)?(\[[^]/]+\]|[^]/:@[]+):(?!//)');
		IF part IS NULL THEN
			RETURN NULL;
		END IF;
		part := ARRAY['ssh', part[1], NULL];
	END IF;
	IF lower(part[1]) = 'file' THEN
		RETURN NULL;
	END IF;
	port := ltrim(coalesce(part[3], ''), '0');
	IF port = '' THEN
		port := CASE lower(part[1]) WHEN 'https' THEN '443' WHEN 'http' THEN '80'
			WHEN 'ssh' THEN '22' WHEN 'git' THEN '9418' ELSE '0' END;
	END IF;
	RETURN lower(rtrim(part[2], '.')) || ':' || port;
END $$;

CREATE FUNCTION host_id(url text) RETURNS bigint LANGUAGE plpgsql
SECURITY DEFINER SET search_path = hub, pg_temp AS $$
DECLARE
	its_name text := host_name(url);
	found_id bigint;
BEGIN
	IF its_name IS NULL OR octet_length(its_name) > 1000 THEN
		RETURN NULL;
	END IF;
	SELECT h.id INTO found_id FROM host h WHERE h.name = its_name;
	IF NOT FOUND THEN
		INSERT INTO host (name) VALUES (its_name) ON CONFLICT (name) DO NOTHING;
		SELECT h.id INTO found_id FROM host h WHERE h.name = its_name;
	END IF;
	RETURN found_id;
END $$;

-- The history that intervals are made of: changes and the time in which they were seen, both decayed
-- up to last_change_at; and when somebody was last told by the upstream itself (a push notice).
ALTER TABLE mirror
	ADD COLUMN host_id bigint REFERENCES host ON DELETE SET NULL,
	ADD COLUMN changes_micro bigint NOT NULL DEFAULT 0,
	ADD COLUMN seen_s bigint NOT NULL DEFAULT 0,
	ADD COLUMN notified_at timestamptz;
ALTER TABLE mirror SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
UPDATE mirror m SET host_id = host_id(m.url);
CREATE INDEX mirror_host ON mirror (host_id);

CREATE FUNCTION mirror_host() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = hub, pg_temp AS $$
BEGIN
	NEW.host_id := host_id(NEW.url);
	IF TG_OP = 'UPDATE' THEN
		UPDATE job j SET is_probed = false WHERE j.project_id = NEW.project_id AND j.kind = 'sync'
			AND j.is_probed;
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER mirror_host_new BEFORE INSERT ON mirror FOR EACH ROW EXECUTE FUNCTION mirror_host();
CREATE TRIGGER mirror_host_other BEFORE UPDATE OF url ON mirror FOR EACH ROW
	WHEN (OLD.url <> NEW.url) EXECUTE FUNCTION mirror_host();

CREATE FUNCTION mirror_notified() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = hub, pg_temp AS $$
BEGIN
	UPDATE mirror m SET notified_at = now() WHERE m.project_id = NEW.project_id
		AND (m.notified_at IS NULL OR m.notified_at < now() - interval '1 hour');
	RETURN NULL;
END $$;
CREATE TRIGGER mirror_notified AFTER INSERT ON push_delivery FOR EACH ROW
	EXECUTE FUNCTION mirror_notified();

-- ---------------------------------------------------------------- what others put in their place

-- What a mirror takes over, as JSON for its worker (015).
CREATE FUNCTION mirror_options(project_id bigint) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT '{}'
$$;

-- What is to be done with refs that a probe saw and that are not the published ones: 'changed' (fetch
-- them), 'held' (they still wait for approval) or 'rejected' (015).
CREATE FUNCTION guard_sees(project_id bigint, seen bytea) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT 'changed'
$$;

-- The upstreams of these are back at what is published: nothing waits for approval any more (015).
CREATE FUNCTION guard_clear(projects bigint[]) RETURNS void LANGUAGE sql AS $$
	SELECT
$$;

-- What probes (as probe_finish got them) say of where their upstreams have gone for good (015).
CREATE FUNCTION probes_moved(results jsonb) RETURNS void LANGUAGE sql AS $$
	SELECT
$$;

-- A sync went well, or was held (015). result: as job_finish got it; from a probe it has no facts and
-- no fingerprint, but what was seen (`seen`): published, or still held (is_held), or rejected.
CREATE FUNCTION guard_finish(project_id bigint, result jsonb) RETURNS void LANGUAGE sql AS $$
	SELECT
$$;

-- A worker has held the store against the upstream (017).
CREATE FUNCTION store_verified(project_id bigint) RETURNS void LANGUAGE sql AS $$
	SELECT
$$;

-- The target of this job, if it has one, is locked (016).
CREATE FUNCTION target_lock(job_id bigint) RETURNS void LANGUAGE sql AS $$
	SELECT
$$;

-- A job of a target came to its end, well or not (016).
CREATE FUNCTION target_finish(job_id bigint, result jsonb) RETURNS void LANGUAGE sql AS $$
	SELECT
$$;

-- ---------------------------------------------------------------- the queue

-- is_probed: a sync of which a probe decides whether it has to be one. is_asked: while running,
-- somebody waited for it. host_id: while running, whom it asks. due_at: while it is put off because its
-- host has no time (run_at says until when), since when it should have run.
ALTER TABLE job
	ADD COLUMN is_probed boolean NOT NULL DEFAULT false,
	ADD COLUMN is_asked boolean NOT NULL DEFAULT false,
	ADD COLUMN host_id bigint,
	ADD COLUMN target_id bigint,
	ADD COLUMN due_at timestamptz,
	DROP CONSTRAINT job_kind_check,
	ADD CONSTRAINT job_kind_check
		CHECK (kind IN ('sync', 'packages', 'remove_store', 'target')),
	ADD CONSTRAINT job_target_check CHECK ((kind = 'target') = (target_id IS NOT NULL)),
	ADD CONSTRAINT job_probed_check CHECK (kind = 'sync' OR NOT is_probed);
CREATE UNIQUE INDEX job_one_per_target ON job (target_id) WHERE target_id IS NOT NULL;
DROP INDEX job_due;
CREATE INDEX job_due ON job (run_at, id) WHERE state <> 'running' AND NOT is_probed;
CREATE INDEX job_due_probed ON job (run_at, id) WHERE state <> 'running' AND is_probed;
CREATE INDEX job_put_off ON job (due_at) WHERE due_at IS NOT NULL;

-- Many new syncs at once are spread: the first begin now, the others one after the other, the last
-- within an hour.
CREATE FUNCTION job_spread() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = hub, pg_temp AS $$
DECLARE
	n_made bigint := (SELECT count(*) FROM made m WHERE m.kind = 'sync' AND m.run_at = '-infinity');
BEGIN
	IF n_made > 64 THEN
		UPDATE job j SET run_at = now() + make_interval(secs => m.k * least(0.5, 3600.0 / n_made))
		FROM (SELECT x.id, row_number() OVER (ORDER BY x.id) AS k FROM made x
			WHERE x.kind = 'sync' AND x.run_at = '-infinity') m
		WHERE j.id = m.id AND m.k > 64;
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER job_spread AFTER INSERT ON job REFERENCING NEW TABLE AS made
	FOR EACH STATEMENT EXECUTE FUNCTION job_spread();

ALTER TABLE run
	DROP CONSTRAINT run_outcome_check,
	ADD CONSTRAINT run_outcome_check CHECK (outcome IN ('changed', 'unchanged', 'held', 'failed'));

-- The mean of the square roots of the hazards of all mirrors (sync/schedule.h), over time: sums that
-- decay. The first weight is that of a day of a mirror that is new, and so asked after one period.
CREATE TABLE pace (
	only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
	root_sum double precision NOT NULL,   -- of root * seconds
	weight_s double precision NOT NULL,
	at       timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 10);
INSERT INTO pace (root_sum, weight_s) VALUES (0.00083 * 86400, 86400);

-- The due jobs that come first, locked. Every fourth may be one that is late, however many wait for
-- what somebody asked for.
CREATE FUNCTION job_due(want text, most bigint)
RETURNS TABLE (id bigint, project_id bigint, store_id bigint, kind text, state text,
	run_at timestamptz, place integer)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
	late bigint := most / 4 + (random() * 4 < most % 4)::int;
BEGIN
	IF want IN ('probes', 'all') THEN
		RETURN QUERY SELECT j.id, j.project_id, j.store_id, j.kind, j.state, j.run_at, 1
		FROM hub.job j WHERE j.state <> 'running' AND j.is_probed AND j.run_at <= now()
		ORDER BY j.run_at, j.id LIMIT most FOR UPDATE SKIP LOCKED;
	END IF;
	IF want = 'light' THEN
		RETURN QUERY SELECT j.id, j.project_id, j.store_id, j.kind, j.state, j.run_at, 1
		FROM hub.job j WHERE j.state <> 'running' AND NOT j.is_probed AND j.run_at <= now()
			AND j.kind <> 'sync'
		ORDER BY j.run_at, j.id LIMIT most FOR UPDATE SKIP LOCKED;
	ELSIF want IN ('slots', 'all') THEN
		RETURN QUERY SELECT j.id, j.project_id, j.store_id, j.kind, j.state, j.run_at, 0
		FROM hub.job j WHERE j.state <> 'running' AND NOT j.is_probed
			AND j.run_at > '-infinity' AND j.run_at < now() - interval '10 minutes'
		ORDER BY j.run_at, j.id LIMIT late FOR UPDATE SKIP LOCKED;
		RETURN QUERY SELECT j.id, j.project_id, j.store_id, j.kind, j.state, j.run_at, 1
		FROM hub.job j WHERE j.state <> 'running' AND NOT j.is_probed AND j.run_at <= now()
		ORDER BY j.run_at, j.id LIMIT most FOR UPDATE SKIP LOCKED;
	END IF;
END $$;

-- Since when a job should have run, or when it will have to; however often it was put off.
CREATE FUNCTION job_was_due(j job) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT coalesce(j.due_at, CASE WHEN isfinite(j.run_at) THEN j.run_at ELSE j.queued_at END)
$$;

-- Takes up to `most` due jobs for the named workers, in turn. want: 'probes' (what a probe decides),
-- 'slots' (all else), 'light' (only what needs no disk), 'all' (there are no probes). A host is asked
-- by no more at a time than it has slots, and no more often than its rate lets; one whose breaker is
-- open, not at all, but for one that somebody waits for. What has to wait for its host is put
-- where that will have time for it, so that it never stands before others. has_put_off: some are, now or
-- before, of hosts that are well and have no room for more at the moment.
CREATE FUNCTION job_take(workers jsonb, most bigint, want text, lease_s bigint, host_rate bigint,
	host_burst bigint, host_connections bigint, OUT taken_ids bigint[], OUT has_put_off boolean)
LANGUAGE plpgsql AS $$
DECLARE
	look bigint := most;
	n_left bigint := most;
	n_due bigint;
	due_ids bigint[];
	due_places integer[];
	ids bigint[];
	is_full boolean;
	n_planned bigint;
	n_retries bigint;
	sum_planned bigint := 0;
	sum_retries bigint := 0;
BEGIN
	taken_ids := '{}';
	has_put_off := false;
	-- as the trigger job_fence_lock, which one statement with two updates of job fires only once
	PERFORM pg_advisory_xact_lock_shared(884802);
	FOR turn IN 1..4 LOOP
		-- job_due sees what is committed until its own end. In a statement of its own, for one that
		-- had begun before would not see, and so not take, a job that was added meanwhile.
		SELECT array_agg(d.id), array_agg(d.place) INTO due_ids, due_places
		FROM (SELECT DISTINCT ON (x.id) x.id, x.place FROM hub.job_due(want, look) x
			ORDER BY x.id, x.place) d;
		WITH due AS MATERIALIZED (
			SELECT j.id, j.project_id, j.store_id, j.kind, j.state, j.run_at, u.place
			FROM unnest(due_ids, due_places) u (id, place) JOIN hub.job j ON j.id = u.id
		), seen AS MATERIALIZED (
			SELECT d.id, d.kind, d.state, d.run_at, d.place, m.host_id,
				CASE d.kind WHEN 'sync' THEN coalesce(NOT m.paused, false)
				WHEN 'packages' THEN EXISTS (SELECT FROM hub.project p
					JOIN hub.repository_project a ON a.project_id = p.id
					WHERE p.id = d.project_id AND p.is_package)
				WHEN 'remove_store' THEN NOT EXISTS (SELECT FROM hub.project u
					WHERE u.store_id = d.store_id)
				ELSE true END AS is_live
			FROM due d LEFT JOIN hub.mirror m ON m.project_id = d.project_id AND d.kind = 'sync'
		), parked AS (    -- paused, no mirror or package any more, or a store that a project still has
			DELETE FROM hub.job j USING seen s WHERE j.id = s.id AND NOT s.is_live
		), ranked AS MATERIALIZED (
			SELECT s.*, row_number() OVER (PARTITION BY s.host_id
				ORDER BY s.place, s.run_at, s.id) AS rank
			FROM seen s WHERE s.is_live
		), busy AS (
			SELECT j.host_id, count(*) AS n FROM hub.job j
			WHERE j.state = 'running' AND j.host_id IS NOT NULL GROUP BY j.host_id
		), room AS MATERIALIZED (
			SELECT h.id, coalesce(h.is_own, false) OR host_rate = 0 AS is_free,
				hub.host_room(h, coalesce(b.n, 0), a.is_asked, want = 'probes', host_rate,
					host_burst, host_connections) AS n,
				greatest(now(), h.backlog_at, h.breaker_until,
					CASE WHEN h.breaker_level > 0 THEN now() + interval '10 s' END) AS from_at,
				greatest(h.took_ms / 1000.0 / hub.host_slots(h, host_connections),
					CASE WHEN coalesce(h.is_own, false) OR host_rate = 0 THEN 0.004
						ELSE 1.0 / nullif(host_rate, 0) END) AS step_s,
				h.breaker_level > 0 OR h.breaker_until > now() AS is_closed
			FROM (SELECT r.host_id, bool_or(r.run_at = '-infinity') AS is_asked FROM ranked r
				WHERE r.host_id IS NOT NULL GROUP BY r.host_id) a
			JOIN hub.host h ON h.id = a.host_id LEFT JOIN busy b ON b.host_id = h.id
		), fit AS MATERIALIZED (
			SELECT r.*, row_number() OVER (ORDER BY r.place, r.run_at, r.id) AS k
			FROM ranked r LEFT JOIN room o ON o.id = r.host_id
			WHERE r.host_id IS NULL OR r.rank <= o.n
		), taken AS (
			UPDATE hub.job j SET state = 'running', fence = nextval('hub.fence_seq'),
				worker = workers ->> ((cardinality(taken_ids) + f.k - 1)
					% jsonb_array_length(workers))::int,
				lease_until = now() + make_interval(secs => lease_s), started_at = now(),
				again = false, phase = '', bytes = 0, objects = 0, objects_total = 0,
				attempts = CASE f.state WHEN 'dead' THEN 0 ELSE j.attempts END,
				is_asked = (f.state = 'queued'), host_id = f.host_id, due_at = NULL
			FROM fit f WHERE j.id = f.id AND f.k <= n_left
		), waits AS MATERIALIZED (
			SELECT r.id, r.host_id, r.rank - o.n AS nth, o.from_at, o.step_s
			FROM ranked r JOIN room o ON o.id = r.host_id WHERE r.rank > o.n
		), put_back AS (
			UPDATE hub.job j SET run_at = least(w.from_at, now() + interval '1 day')
				+ make_interval(secs => w.step_s * w.nth),
				due_at = hub.job_was_due(j)
			FROM waits w WHERE j.id = w.id
		), cost AS (
			SELECT o.id, o.is_free, o.is_closed, o.from_at, o.step_s,
				(SELECT count(*) FROM fit f WHERE f.host_id = o.id AND f.k <= n_left) AS n_taken,
				(SELECT count(*) FROM waits w WHERE w.host_id = o.id) AS n_waits
			FROM room o
		), paid AS (    -- another claim has the row: then this one is for nothing
			UPDATE hub.host h SET
				paid_until = CASE WHEN c.is_free THEN h.paid_until ELSE
					greatest(h.paid_until, now() - make_interval(secs => host_burst / nullif(host_rate, 0)::float))
					+ make_interval(secs => c.n_taken / nullif(host_rate, 0)::float) END,
				backlog_at = CASE WHEN c.n_waits = 0 THEN h.backlog_at ELSE
					least(c.from_at, now() + interval '1 day')
					+ make_interval(secs => c.step_s * c.n_waits) END
			FROM cost c WHERE h.id = c.id AND (c.n_waits > 0 OR (c.n_taken > 0 AND NOT c.is_free))
				AND h.id IN (SELECT x.id FROM hub.host x WHERE x.id IN (SELECT o.id FROM room o)
					ORDER BY x.id FOR NO KEY UPDATE SKIP LOCKED)
		)
		SELECT (SELECT count(*) FROM due),
			array_agg(f.id ORDER BY f.k), count(*) FILTER (WHERE f.state IN ('scheduled', 'dead')
				AND f.kind IN ('sync', 'remove_store')),
			count(*) FILTER (WHERE f.state = 'retry' AND f.kind IN ('sync', 'remove_store')),
			EXISTS (SELECT FROM cost o WHERE NOT o.is_closed
				AND (o.n_waits > 0 OR (o.n_taken > 0 AND o.from_at > now())))
		INTO n_due, ids, n_planned, n_retries, is_full
		FROM fit f WHERE f.k <= n_left;
		taken_ids := taken_ids || coalesce(ids, '{}');
		n_left := most - cardinality(taken_ids);
		has_put_off := has_put_off OR is_full;
		sum_planned := sum_planned + n_planned;
		sum_retries := sum_retries + n_retries;
		EXIT WHEN n_left = 0 OR n_due < look;
		look := least(greatest(look * 4, 256), 512);
	END LOOP;
	UPDATE hub.counter c SET n = c.n + v.n
	FROM (VALUES ('scheduled_moved', sum_planned), ('retries_moved', sum_retries)) v (name, n)
	WHERE c.name = v.name AND v.n > 0;
END $$;

-- The most requests to a host at the same time: connections (0: no limit); to one of ours many more.
CREATE FUNCTION host_most(h host, connections bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN connections = 0 THEN 1000000 WHEN h.is_own THEN connections * 64
		ELSE connections END
$$;

-- Those that it takes now. One of ours begins with the most.
CREATE FUNCTION host_slots(h host, connections bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
	SELECT least(coalesce(h.slots::bigint, CASE WHEN h.is_own OR connections = 0
		THEN hub.host_most(h, connections) ELSE 4 END), hub.host_most(h, connections))
$$;

-- How many jobs may ask this host now, of which n_busy already do. Probes leave one place to what is
-- known to be new, and that may run up a debt of one burst.
CREATE FUNCTION host_room(h host, n_busy bigint, is_asked boolean, is_probe boolean, rate bigint,
	burst bigint, connections bigint) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
	n bigint := hub.host_slots(h, connections);
	tokens double precision;
BEGIN
	IF h.breaker_level > 0 THEN    -- one trial, when it is time or somebody waits for it
		RETURN (n_busy = 0 AND (h.breaker_until <= now() OR is_asked))::int;
	ELSIF h.breaker_until > now() THEN
		RETURN 0;
	END IF;
	n := greatest(n - n_busy - (is_probe AND n > 1)::int, 0);
	IF NOT coalesce(h.is_own, false) AND rate > 0 THEN
		tokens := CASE WHEN isfinite(h.paid_until)
			THEN least(extract(epoch FROM now() - h.paid_until) * rate, burst) ELSE burst END;
		n := least(n, greatest(floor(tokens)::bigint + CASE WHEN is_probe THEN 0 ELSE burst END, 0));
	END IF;
	RETURN n;
END $$;

-- One word: 'open' (nobody asks it until breaker_until), 'trying' (one of its mirrors does), 'ok'.
CREATE FUNCTION host_word(h host) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN h.breaker_until > now() THEN 'open' WHEN h.breaker_level > 0 THEN 'trying'
		ELSE 'ok' END
$$;

-- Somebody knows that it is back, or does not want to wait: what was put off is due now, at most a
-- thousand (of nothing, the sync that is planned next), and after failures one of them is the trial.
-- Gives the host's name; NULL: there is none. Locks: job, host, as the ends of jobs.
CREATE FUNCTION host_try(host bigint) RETURNS text LANGUAGE plpgsql
SECURITY DEFINER SET search_path = hub, pg_temp AS $$
DECLARE
	its_name text;
BEGIN
	UPDATE job j SET run_at = now() FROM (SELECT x.id FROM mirror m
		JOIN job x ON x.project_id = m.project_id AND x.kind = 'sync'
		WHERE m.host_id = host_try.host AND x.due_at IS NOT NULL AND x.state <> 'running'
		ORDER BY x.due_at LIMIT 1000 FOR UPDATE OF x SKIP LOCKED) q
	WHERE j.id = q.id;
	IF NOT FOUND THEN
		UPDATE job j SET run_at = least(j.run_at, now()) FROM (SELECT x.id
			FROM (SELECT m.project_id FROM mirror m WHERE m.host_id = host_try.host
				AND NOT m.paused LIMIT 1000) m
			JOIN job x ON x.project_id = m.project_id AND x.kind = 'sync' AND x.state <> 'running'
			ORDER BY x.run_at LIMIT 1 FOR UPDATE OF x SKIP LOCKED) q
		WHERE j.id = q.id;
	END IF;
	UPDATE host h SET backlog_at = '-infinity', breaker_until = CASE WHEN h.breaker_level > 0
		THEN least(h.breaker_until, now()) ELSE '-infinity' END
	WHERE h.id = host_try.host RETURNING h.name INTO its_name;
	NOTIFY mirrorhub_job;
	RETURN its_name;
END $$;

-- What all kinds of jobs have to know, of those that were just taken. has_put_off (of job_take) is the same
-- in each row.
DROP FUNCTION job_claim(jsonb, boolean, bigint, bigint);
CREATE FUNCTION job_claim(workers jsonb, most bigint, want text, lease_s bigint,
	default_interval_s bigint, host_rate bigint, host_burst bigint, host_connections bigint)
RETURNS TABLE (id bigint, kind text, fence bigint, worker text, attempts bigint, project_id bigint,
	path text, store_id bigint, fingerprint text, url text, sealed_credentials text,
	interval_s bigint, branches text, options text, target_id bigint,
	host_id bigint, host_v2 bigint, has_interval boolean, failures bigint, failing_s bigint,
	changed_s bigint, added_s bigint, changes_micro bigint, seen_s bigint, is_notified boolean,
	mean_root_nano bigint, has_put_off boolean)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
	ids bigint[];
	are_put_off boolean;
	mean bigint;
BEGIN
	SELECT t.taken_ids, t.has_put_off INTO ids, are_put_off
	FROM hub.job_take(workers, most, want, lease_s, host_rate, host_burst, host_connections) t;
	IF ids = '{}' THEN
		RETURN;
	END IF;
	SELECT e.root_sum / e.weight_s * 1e9 INTO mean FROM hub.pace e;
	RETURN QUERY
	SELECT j.id, j.kind, j.fence, j.worker, j.attempts::bigint, j.project_id, p.path::text, s.id,
		coalesce(encode(s.fingerprint, 'hex'), ''), m.url, m.sealed_credentials,
		coalesce(m.interval_s, default_interval_s),
		CASE j.kind WHEN 'packages' THEN hub.package_branches(j.project_id) END,
		CASE j.kind WHEN 'sync' THEN hub.mirror_options(j.project_id) END,
		j.target_id, j.host_id, h.v2::bigint, m.interval_s IS NOT NULL,
		m.failures::bigint,
		CASE WHEN m.failures > 0 THEN extract(epoch FROM now()
			- coalesce(m.last_success_at, p.created_at))::bigint END,
		extract(epoch FROM now() - m.last_change_at)::bigint,
		extract(epoch FROM now() - p.created_at)::bigint,
		m.changes_micro, m.seen_s, m.notified_at > now() - interval '7 days', mean,
		are_put_off
	FROM unnest(ids) WITH ORDINALITY u (id, k)
	JOIN hub.job j ON j.id = u.id
	LEFT JOIN hub.project p ON p.id = j.project_id
	LEFT JOIN hub.mirror m ON m.project_id = j.project_id AND j.kind = 'sync'
	LEFT JOIN hub.store s ON s.id = coalesce(p.store_id, j.store_id)
	LEFT JOIN hub.host h ON h.id = j.host_id
	ORDER BY u.k;
END $$;

-- As before; lease_until instead of state: the planner takes running jobs for few, and looked at them
-- all for each that is held.
CREATE OR REPLACE FUNCTION job_renew(held jsonb, lease_s bigint) RETURNS SETOF bigint
LANGUAGE sql AS $$
	WITH mine AS MATERIALIZED (
		SELECT j.id, h.phase, h.bytes, h.objects, h.objects_total
		FROM jsonb_to_recordset(held) AS h (id bigint, fence bigint, phase text, bytes bigint,
			objects bigint, objects_total bigint)
		JOIN hub.job j ON j.id = h.id AND j.fence = h.fence AND j.lease_until IS NOT NULL
		ORDER BY j.project_id, j.id FOR NO KEY UPDATE OF j
	)
	UPDATE hub.job j SET phase = m.phase, bytes = m.bytes, objects = m.objects,
		objects_total = m.objects_total,
		lease_until = CASE WHEN j.lease_until > now() + make_interval(secs => lease_s * 0.75)
			THEN j.lease_until ELSE now() + make_interval(secs => lease_s) END
	FROM mine m WHERE j.id = m.id
	RETURNING j.id
$$;

-- Puts jobs back ({id, fence}) as if they had not been taken.
CREATE OR REPLACE FUNCTION job_release(held jsonb) RETURNS SETOF bigint
LANGUAGE sql AS $$
	UPDATE hub.job j SET state = 'queued', run_at = '-infinity', queued_at = now(), again = false,
		worker = NULL, lease_until = NULL, phase = '', host_id = NULL
	FROM jsonb_to_recordset(held) AS h (id bigint, fence bigint)
	WHERE j.id = h.id AND j.fence = h.fence AND j.lease_until IS NOT NULL
	RETURNING j.id
$$;

-- What the answers of a batch say about a host: how many were good, the projects whose requests
-- failed (network), whether it said that it is too much (busy), and for how long it wants to be left
-- alone. Five failures in a row of at least three projects open the breaker: a minute, twice as
-- long each time, at most half an hour.
CREATE FUNCTION host_note(host_id bigint, n_good bigint, failing_now bigint[], is_busy boolean,
	retry_after_s bigint, took_now_ms bigint, v2_now bigint, error_now text, connections bigint)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	h hub.host;
	was hub.host;
BEGIN
	SELECT x.* INTO h FROM hub.host x WHERE x.id = host_id FOR NO KEY UPDATE;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	was := h;
	h.v2 := CASE WHEN v2_now > 0 THEN v2_now ELSE h.v2 END;
	h.took_ms := (h.took_ms * 7 + took_now_ms) / 8;
	IF n_good > 0 THEN
		IF h.breaker_level > 0 THEN
			h.breaker_until := '-infinity';
		END IF;
		h.breaker_level := 0;
		h.failures := 0;
		h.failing := '{}';
		h.error_text := '';
	END IF;
	IF cardinality(failing_now) > 0 AND n_good = 0 THEN
		h.failures := h.failures + cardinality(failing_now);
		h.failing := (SELECT array_agg(f) FROM (SELECT DISTINCT f FROM unnest(h.failing || failing_now)
			u (f) LIMIT 8) x);
		h.error_text := error_now;
		h.error_at := now();
		IF h.breaker_level > 0 OR (h.failures >= 5 AND cardinality(h.failing) >= 3) THEN
			h.breaker_level := h.breaker_level + 1;
			h.breaker_until := greatest(h.breaker_until, now() + make_interval(secs =>
				least(60 * power(2, least(h.breaker_level, 20) - 1), 1800) * (1 + random() / 10)));
			h.backlog_at := '-infinity';
		END IF;
	END IF;
	IF retry_after_s > 0 THEN
		h.breaker_until := greatest(h.breaker_until,
			now() + make_interval(secs => least(retry_after_s, 86400) * 1.1));
		h.backlog_at := '-infinity';
	END IF;
	IF is_busy OR cardinality(failing_now) > 0 THEN
		IF h.slots IS NULL OR h.slots_at < now() - interval '10 s' THEN
			-- of ours, half of more than there are probes would still be all of them
			h.slots := greatest(least(hub.host_slots(h, connections),
				CASE WHEN connections = 0 THEN 1000000 ELSE connections * 16 END) / 2, 1);
		END IF;
		h.slots_at := now();
	ELSIF n_good > 0 AND hub.host_slots(h, connections) < hub.host_most(h, connections)
		AND h.slots_at < now() - interval '1 minute'
	THEN
		h.slots := hub.host_slots(h, connections) + 1;
		h.slots_at := now();
	END IF;
	IF h IS DISTINCT FROM was THEN
		UPDATE hub.host x SET v2 = h.v2, took_ms = h.took_ms, breaker_until = h.breaker_until,
			breaker_level = h.breaker_level, failures = h.failures, failing = h.failing,
			error_text = h.error_text, error_at = h.error_at, backlog_at = h.backlog_at,
			slots = h.slots, slots_at = h.slots_at
		WHERE x.id = h.id;
	END IF;
END $$;

-- The same for the results of a batch; after all else, by id: the order in which rows are locked. Most
-- answers say nothing new of their host, and cost no more than a look.
CREATE FUNCTION hosts_note(results jsonb, connections bigint) RETURNS void LANGUAGE sql AS $$
	SELECT hub.host_note(x.host_id, x.n_good, x.failing, x.is_busy, x.retry_after_s, x.took_ms, x.v2,
		x.error_text, connections)
	FROM (SELECT r.host_id,
			count(*) FILTER (WHERE r.error_class IN ('', 'auth', 'gone', 'protocol')) AS n_good,
			coalesce(array_agg(r.project_id) FILTER (WHERE r.error_class = 'network'), '{}') AS failing,
			bool_or(r.error_class = 'busy') AS is_busy,
			coalesce(max(r.retry_after_s) FILTER (WHERE r.error_class <> ''), 0) AS retry_after_s,
			coalesce(avg(r.took_ms)::bigint, 0) AS took_ms,
			coalesce(max(r.host_v2) FILTER (WHERE r.error_class = ''), 0) AS v2,
			coalesce(max(left(r.error_text, 1000)) FILTER (WHERE r.error_class = 'network'), '')
				AS error_text
		FROM jsonb_to_recordset(results) AS r (host_id bigint, project_id bigint, error_class text,
			error_text text, retry_after_s bigint, host_v2 bigint, took_ms bigint)
		WHERE r.host_id IS NOT NULL GROUP BY r.host_id) x
	JOIN hub.host h ON h.id = x.host_id
	WHERE x.failing <> '{}' OR x.is_busy OR x.retry_after_s > 0 OR h.failures > 0
		OR h.breaker_level > 0 OR (x.v2 > 0 AND x.v2 <> h.v2)
		OR abs(x.took_ms - h.took_ms) > greatest(100, h.took_ms)
		OR (x.n_good > 0 AND h.slots_at < now() - interval '1 minute'
			AND hub.host_slots(h, connections) < hub.host_most(h, connections))
	ORDER BY x.host_id
$$;

-- root: of a hazard; it held for as long as the mirror is left alone now. Two weeks are remembered.
CREATE FUNCTION pace_note(roots double precision, weights_s double precision) RETURNS void
LANGUAGE sql AS $$
	UPDATE hub.pace e SET root_sum = e.root_sum * d.keep + roots,
		weight_s = e.weight_s * d.keep + weights_s, at = now()
	FROM (SELECT exp(-greatest(extract(epoch FROM now() - x.at), 0) / 1209600) AS keep
		FROM hub.pace x) d
	WHERE weights_s > 0
$$;

-- As before, and: what the guard, the targets and the hosts want to know; a mirror that is in order
-- now is probed from here on (with_probes); a target's next time is its own delay_s. A
-- sync that went well says when it is to run next (delay_s; 0: after its period).
DROP FUNCTION job_finish(jsonb, bigint, bigint);
CREATE FUNCTION job_finish(results jsonb, default_interval_s bigint, attempts_max bigint,
	with_probes boolean, host_connections bigint)
RETURNS SETOF bigint LANGUAGE plpgsql AS $$
DECLARE
	r record;
	j hub.job;
	m hub.mirror;
	is_ok boolean;
	is_held boolean;
	is_dead boolean;
	n_done bigint := 0;
	n_failed bigint := 0;
	fences bigint[] := '{}';    -- of the runs
	roots double precision := 0;
	weights_s double precision := 0;
	of_hosts jsonb := '[]';
	next_state text;
	next_run timestamptz;
BEGIN
	FOR r IN SELECT t.*, e.value AS whole FROM jsonb_array_elements(results) e,
		jsonb_to_record(e.value) AS t (id bigint, project_id bigint,
		fence bigint, is_lost boolean, is_changed boolean, is_held boolean, error_class text,
		error_text text, delay_s bigint, bytes bigint, objects bigint, refs_changed bigint,
		size_bytes bigint, fingerprint text, latest_version text, head text, retry_after_s bigint,
		host_v2 bigint, root_nano bigint, changes_micro bigint, seen_s bigint)
		ORDER BY t.project_id, t.id
	LOOP
		-- project, mirror, target, job: the order of deletions and of admin.pause, so that none of
		-- them waits for us while we wait for it, and a pause is seen
		PERFORM FROM hub.project p WHERE p.id = r.project_id FOR KEY SHARE;
		SELECT q.* INTO m FROM hub.mirror q WHERE q.project_id = r.project_id FOR NO KEY UPDATE;
		PERFORM hub.target_lock(r.id);
		SELECT q.* INTO j FROM hub.job q WHERE q.id = r.id AND q.fence = r.fence
			AND q.state = 'running' AND (NOT r.is_lost OR q.lease_until < now()) FOR UPDATE;
		CONTINUE WHEN NOT FOUND;
		is_ok := r.error_class = '';
		is_held := is_ok AND coalesce(r.is_held, false);
		is_dead := NOT is_ok AND j.attempts + 1 >= attempts_max;
		RETURN NEXT j.id;
		n_done := n_done + (j.kind IN ('sync', 'remove_store'))::int;
		n_failed := n_failed + (NOT is_ok AND j.kind IN ('sync', 'remove_store'))::int;
		IF j.again THEN
			next_state := 'queued';
			next_run := '-infinity';
		ELSIF is_ok THEN
			next_state := 'scheduled';
			next_run := now() + make_interval(secs => coalesce(nullif(r.delay_s, 0), m.interval_s,
				default_interval_s));
		ELSIF is_dead THEN
			next_state := 'dead';
			next_run := now() + make_interval(secs => greatest(coalesce(m.interval_s,
				default_interval_s), CASE WHEN r.error_class IN ('auth', 'gone', 'policy')
				THEN r.delay_s END));
		ELSE
			next_state := 'retry';
			next_run := now() + make_interval(secs => r.delay_s);
		END IF;
		IF (j.kind = 'sync' AND coalesce(m.paused, true)) OR (is_ok AND NOT j.again
			AND (j.kind IN ('packages', 'remove_store')
				OR (j.kind = 'target' AND coalesce(r.delay_s, 0) = 0)))
		THEN
			DELETE FROM hub.job q WHERE q.id = j.id;
		ELSE
			UPDATE hub.job q SET state = next_state, run_at = next_run, again = false,
				queued_at = CASE WHEN j.again THEN now() ELSE q.queued_at END,
				attempts = CASE WHEN is_ok THEN 0 ELSE j.attempts + 1 END,
				worker = NULL, lease_until = NULL, phase = '', host_id = NULL, is_asked = false,
				is_probed = with_probes AND j.kind = 'sync' AND m.url ~* '^https?://'
					AND (is_ok OR (j.is_probed AND NOT r.is_lost))
			WHERE q.id = j.id;
		END IF;
		IF j.kind = 'remove_store' AND is_ok THEN
			DELETE FROM hub.store s WHERE s.id = j.store_id
				AND NOT EXISTS (SELECT FROM hub.project p WHERE p.store_id = s.id);
		ELSIF j.kind = 'target' THEN
			PERFORM hub.target_finish(j.id, r.whole);
		END IF;
		CONTINUE WHEN j.kind <> 'sync';
		IF is_ok AND NOT is_held AND NOT j.is_probed THEN
			PERFORM hub.store_verified(j.project_id);
		END IF;
		INSERT INTO hub.run (project_id, fence, worker, started_at, outcome, error_class,
			error_text, bytes, objects, refs_changed)
		VALUES (j.project_id, j.fence, j.worker, j.started_at,
			CASE WHEN NOT is_ok THEN 'failed' WHEN is_held THEN 'held'
				WHEN r.is_changed THEN 'changed' ELSE 'unchanged' END,
			r.error_class, r.error_text, r.bytes, r.objects, r.refs_changed);
		fences := fences || j.fence;
		UPDATE hub.mirror q SET last_attempt_at = now(),
			last_success_at = CASE WHEN is_ok THEN now() ELSE q.last_success_at END,
			last_change_at = CASE WHEN is_ok AND r.is_changed THEN now() ELSE q.last_change_at END,
			changes_micro = CASE WHEN is_ok AND r.changes_micro > 0 THEN r.changes_micro
				ELSE q.changes_micro END,
			seen_s = CASE WHEN is_ok AND r.changes_micro > 0 THEN r.seen_s ELSE q.seen_s END,
			failures = CASE WHEN is_ok THEN 0 ELSE q.failures + 1 END,
			latest_version = CASE WHEN is_ok THEN coalesce(r.latest_version, q.latest_version)
				ELSE q.latest_version END,
			error_class = r.error_class, error_text = r.error_text
		WHERE q.project_id = j.project_id;
		IF is_ok AND NOT is_held AND r.fingerprint <> '' THEN
			UPDATE hub.store s SET fingerprint = decode(r.fingerprint, 'hex'),
				generation = s.generation
					+ (s.fingerprint IS DISTINCT FROM decode(r.fingerprint, 'hex'))::int,
				head = coalesce(nullif(r.head, ''), s.head),
				size_bytes = CASE WHEN r.size_bytes > 0 THEN r.size_bytes ELSE s.size_bytes END
			FROM hub.project p WHERE p.id = j.project_id AND s.id = p.store_id
				AND (s.fingerprint IS DISTINCT FROM decode(r.fingerprint, 'hex')
					OR s.head <> coalesce(nullif(r.head, ''), s.head));
		END IF;
		IF is_ok THEN
			PERFORM hub.guard_finish(j.project_id, r.whole);
		END IF;
		IF is_ok AND NOT is_held AND r.is_changed THEN
			PERFORM hub.targets_due(j.project_id);
		END IF;
		IF r.root_nano > 0 AND r.delay_s > 0 THEN
			roots := roots + r.root_nano / 1e9 * r.delay_s;
			weights_s := weights_s + r.delay_s;
		END IF;
		IF j.host_id IS NOT NULL THEN
			of_hosts := of_hosts || jsonb_build_object('host_id', j.host_id, 'project_id', j.project_id,
				'error_class', r.error_class, 'error_text', r.error_text,
				'retry_after_s', r.retry_after_s, 'host_v2', r.host_v2,
				'took_ms', (extract(epoch FROM now() - j.started_at) * 1000)::bigint);
		END IF;
	END LOOP;
	PERFORM hub.hosts_note(of_hosts, host_connections);
	PERFORM hub.pace_note(roots, weights_s);
	PERFORM hub.runs_count(fences);
	UPDATE hub.counter c SET n = c.n + n_failed WHERE c.name = 'failures' AND n_failed > 0;
	UPDATE hub.counter c SET n = c.n + n_done WHERE c.name = 'processed' AND n_done > 0;
END $$;

-- As before.
DROP FUNCTION job_reap(bigint, bigint);
CREATE FUNCTION job_reap(default_interval_s bigint, attempts_max bigint, with_probes boolean,
	host_connections bigint) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	n_reaped bigint;
BEGIN
	SELECT count(*) INTO n_reaped FROM hub.job_finish(coalesce((
		SELECT jsonb_agg(jsonb_build_object('id', j.id, 'project_id', j.project_id,
			'fence', j.fence, 'is_lost', true, 'is_changed', false, 'error_class', 'local',
			'error_text', 'the program that ran it disappeared', 'delay_s', 0,
			'bytes', j.bytes, 'objects', j.objects, 'refs_changed', 0))
		FROM (SELECT * FROM hub.job q WHERE q.state = 'running' AND q.lease_until < now()
			ORDER BY q.lease_until LIMIT 1000) j), '[]'), default_interval_s, attempts_max, with_probes,
			host_connections);
	UPDATE hub.counter c SET n = c.n + n_reaped WHERE c.name = 'busy_reaped' AND n_reaped > 0;
	RETURN n_reaped;
END $$;

-- ---------------------------------------------------------------- probes

-- These have something new, or are not known to be in order: whole syncs, at once.
CREATE FUNCTION probe_pass(ids bigint[]) RETURNS void LANGUAGE sql AS $$
	UPDATE hub.job j SET state = 'queued', is_probed = false, run_at = '-infinity', queued_at = now(),
		again = false, worker = NULL, lease_until = NULL, phase = '', host_id = NULL
	WHERE j.id = ANY (ids)
$$;

-- Puts them back as they were: nobody has been asked.
CREATE FUNCTION probe_release(held jsonb) RETURNS SETOF bigint LANGUAGE sql AS $$
	UPDATE hub.job j SET state = CASE WHEN j.is_asked OR j.again THEN 'queued'
			WHEN j.attempts > 0 THEN 'retry' ELSE 'scheduled' END,
		run_at = CASE WHEN j.again THEN '-infinity' ELSE j.run_at END, again = false, worker = NULL, lease_until = NULL, phase = '', host_id = NULL, is_asked = false
	FROM jsonb_to_recordset(held) AS h (id bigint, fence bigint)
	WHERE j.id = h.id AND j.fence = h.fence AND j.lease_until IS NOT NULL
	RETURNING j.id
$$;

-- The prober has died with these in hand, more than once: whole syncs from here on, each with a worker
-- of its own.
CREATE FUNCTION probe_hand_over(held jsonb) RETURNS SETOF bigint LANGUAGE plpgsql AS $$
DECLARE
	ids bigint[];
BEGIN
	SELECT array_agg(l.id) INTO ids FROM (SELECT j.id
		FROM jsonb_to_recordset(held) AS h (id bigint, fence bigint)
		JOIN hub.job j ON j.id = h.id AND j.fence = h.fence AND j.lease_until IS NOT NULL
		ORDER BY j.id FOR UPDATE OF j) l;
	PERFORM hub.probe_pass(ids) WHERE ids IS NOT NULL;
	RETURN QUERY SELECT unnest(ids);
END $$;

-- What probes came to ({id, fence, project_id, fingerprint, error_class, error_text, retry_after_s,
-- delay_s, root_nano, host_v2, moved_to}). Unchanged: the next time, and nothing else but the mirror's times;
-- with a run only if somebody asked for it, or it ends a row of failures. Held: still so.
-- Changed: an ordinary job. Failed: as job_finish has it. The answer: whose jobs were theirs still,
-- and what became of them.
CREATE FUNCTION probe_finish(results jsonb, default_interval_s bigint, attempts_max bigint,
	host_connections bigint)
RETURNS TABLE (id bigint, outcome text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
	slow jsonb;
	ids bigint[];    -- of the others, and what each of them saw
	verdicts text[];
	passed bigint[];
	projects bigint[];
	of_hosts jsonb;
	n_done bigint;
	roots double precision;
	weights_s double precision;
BEGIN
	PERFORM hub.probes_moved(results);
	-- lease_until instead of state: the planner takes running jobs for few, and looked at them all
	SELECT jsonb_agg(x.whole || '{"is_changed": false, "bytes": 0, "objects": 0, "refs_changed": 0,
			"is_lost": false}' || jsonb_build_object('is_held', x.verdict = 'held',
			'fingerprint', '', 'seen', x.whole -> 'fingerprint'))
			FILTER (WHERE x.is_slow AND x.verdict <> 'changed'),
		array_agg(x.id) FILTER (WHERE NOT x.is_slow OR x.verdict = 'changed'),
		array_agg(x.verdict) FILTER (WHERE NOT x.is_slow OR x.verdict = 'changed')
	INTO slow, ids, verdicts
	FROM (SELECT j.id, e.value AS whole,
			CASE WHEN e.value ->> 'error_class' <> '' THEN 'failed'
				-- options that were changed while it ran (015) want a whole sync
				WHEN m.options_version <> m.taken_version THEN 'changed'
				WHEN s.fingerprint = decode(e.value ->> 'fingerprint', 'hex') THEN 'unchanged'
				ELSE hub.guard_sees(j.project_id, decode(e.value ->> 'fingerprint', 'hex')) END AS verdict,
			e.value ->> 'error_class' <> '' OR j.is_asked OR m.failures > 0 AS is_slow
		FROM jsonb_array_elements(results) e
		JOIN hub.job j ON j.id = (e.value ->> 'id')::bigint AND j.fence = (e.value ->> 'fence')::bigint
			AND j.lease_until IS NOT NULL
		JOIN hub.project p ON p.id = j.project_id
		JOIN hub.store s ON s.id = p.store_id
		JOIN hub.mirror m ON m.project_id = j.project_id) x;
	IF slow IS NOT NULL THEN
		RETURN QUERY SELECT f, (SELECT CASE WHEN e ->> 'error_class' <> '' THEN 'failed'
				WHEN (e ->> 'is_held')::boolean THEN 'held' ELSE 'unchanged' END
			FROM jsonb_array_elements(slow) e WHERE (e ->> 'id')::bigint = f)
		FROM hub.job_finish(slow, default_interval_s, attempts_max, true, host_connections) f;
	END IF;
	IF ids IS NULL THEN
		RETURN;
	END IF;
	WITH told AS MATERIALIZED (
		SELECT r.id, r.fence, r.project_id, r.delay_s, r.root_nano, r.host_v2, v.verdict
		FROM jsonb_to_recordset(results) AS r (id bigint, fence bigint, project_id bigint,
			delay_s bigint, root_nano bigint, host_v2 bigint)
		JOIN unnest(ids, verdicts) AS v (id, verdict) ON v.id = r.id
	), its_mirror AS MATERIALIZED (
		SELECT m.project_id, m.paused, m.interval_s, m.url FROM hub.mirror m
		WHERE m.project_id IN (SELECT t.project_id FROM told t)
		ORDER BY m.project_id FOR NO KEY UPDATE
	), its_job AS MATERIALIZED (
		SELECT j.id, j.project_id, j.again, j.host_id, j.started_at FROM told t
		JOIN hub.job j ON j.id = t.id AND j.fence = t.fence AND j.lease_until IS NOT NULL
		WHERE t.project_id IN (SELECT m.project_id FROM its_mirror m)
		ORDER BY j.project_id, j.id FOR UPDATE OF j
	), ends AS MATERIALIZED (
		SELECT j.id, j.project_id, j.host_id, j.started_at, t.host_v2, t.root_nano, t.delay_s,
			m.url ~* '^https?://' AS is_probed, m.paused,
			CASE t.verdict WHEN 'changed' THEN 'changed' ELSE 'unchanged' END AS outcome, t.verdict,
			j.again,
			coalesce(nullif(t.delay_s, 0), m.interval_s, default_interval_s) AS wait_s
		FROM its_job j JOIN told t ON t.id = j.id JOIN its_mirror m ON m.project_id = j.project_id
	), gone AS (
		DELETE FROM hub.job j USING ends e WHERE j.id = e.id AND e.paused
	), planned AS (
		UPDATE hub.job j SET state = CASE WHEN e.again THEN 'queued' ELSE 'scheduled' END,
			run_at = CASE WHEN e.again THEN '-infinity' ELSE now() + make_interval(secs => e.wait_s) END,
			again = false, attempts = 0, worker = NULL, lease_until = NULL, phase = '',
			host_id = NULL, is_probed = e.is_probed
		FROM ends e WHERE j.id = e.id AND e.outcome = 'unchanged' AND NOT e.paused
	), seen AS (
		UPDATE hub.mirror m SET last_attempt_at = now(), last_success_at = now()
		FROM ends e WHERE m.project_id = e.project_id AND e.outcome = 'unchanged'
	)
	SELECT array_agg(e.id) FILTER (WHERE e.outcome = 'changed' AND NOT e.paused),
		array_agg(e.project_id) FILTER (WHERE e.verdict = 'unchanged'),
		jsonb_agg(jsonb_build_object('id', e.id, 'outcome',
			CASE e.verdict WHEN 'held' THEN 'held' ELSE e.outcome END, 'host_id', e.host_id,
			'project_id', e.project_id, 'error_class', '', 'host_v2', e.host_v2,
			'took_ms', (extract(epoch FROM now() - e.started_at) * 1000)::bigint)),
		count(*) FILTER (WHERE e.outcome = 'unchanged'),
		sum(e.root_nano / 1e9 * e.wait_s) FILTER (WHERE e.outcome = 'unchanged' AND e.root_nano > 0),
		sum(e.wait_s) FILTER (WHERE e.outcome = 'unchanged' AND e.root_nano > 0)
	INTO passed, projects, of_hosts, n_done, roots, weights_s
	FROM ends e;
	IF of_hosts IS NULL THEN
		RETURN;
	END IF;
	IF passed IS NOT NULL THEN
		PERFORM hub.probe_pass(passed);
	END IF;
	IF projects IS NOT NULL THEN
		PERFORM hub.guard_clear(projects);
	END IF;
	PERFORM hub.hosts_note(of_hosts, host_connections);
	PERFORM hub.pace_note(roots, weights_s);
	UPDATE hub.counter c SET n = c.n + n_done WHERE c.name = 'processed' AND n_done > 0;
	PERFORM hub.probes_count(of_hosts);
	RETURN QUERY SELECT (o ->> 'id')::bigint, o ->> 'outcome'
	FROM jsonb_array_elements(of_hosts) o;
END $$;
