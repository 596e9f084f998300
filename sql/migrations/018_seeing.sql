-- Numbers and states for those who watch the hub. What costs a look at every mirror is measured now and
-- then by a sync program (watch), and kept; what is asked for in between is read from there.

SET LOCAL search_path = hub;

-- ---------------------------------------------------------------- how a mirror is

ALTER TABLE mirror ADD COLUMN stale_since timestamptz;   -- it was told that it is stale; NULL: it is not
CREATE INDEX mirror_stale ON mirror (stale_since) WHERE stale_since IS NOT NULL;

-- One word, as lib/core/mirror_state.c has it (the first that fits; tests/db/front.c holds them against
-- each other). due_at: hub.job_was_due, NULL without a job. Inlined.
CREATE FUNCTION mirror_word(job_state text, due_at timestamptz, paused boolean, held boolean,
	failures integer, checked_at timestamptz, interval_s bigint) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT CASE
		WHEN job_state = 'running' THEN 'syncing'
		WHEN paused THEN 'paused'
		WHEN failures > 0 THEN 'failing'
		WHEN held THEN 'held'
		WHEN checked_at IS NULL THEN 'waiting'
		WHEN checked_at + make_interval(secs => 2 * interval_s::float) < now()
			AND coalesce(due_at, '-infinity') + make_interval(secs => interval_s::float) < now()
			THEN 'behind'
		ELSE 'fresh'
	END
$$;

-- How old is too old: so many times the interval that is meant, of the hub or, if it is longer, its
-- own. One that does not fail and whose sync is due (due_at, as above) only later than that is as the
-- schedule wants it (quiet ones wait long), until it is late by as much again. What is held is too old
-- when it is held so long. Without a check ever, made_at is what counts. A paused mirror is never too
-- old.
CREATE FUNCTION mirror_is_stale(due_at timestamptz, paused boolean, failures integer,
	held_at timestamptz, checked_at timestamptz, made_at timestamptz, limit_s double precision)
RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT NOT paused AND (
		coalesce(checked_at, made_at) < now() - make_interval(secs => limit_s)
			AND (held_at IS NOT NULL OR failures > 0
				OR coalesce(due_at, '-infinity') < now() - make_interval(secs => limit_s))
		OR coalesce(held_at < now() - make_interval(secs => limit_s), false))
$$;

-- ---------------------------------------------------------------- what was measured

-- label: as Prometheus has it, made here of words that are ours: 'state="fresh"'. Never the name of a
-- project, a host or a person (checklists/security.md S-13).
CREATE TABLE gauge (
	name  text NOT NULL,
	label text NOT NULL DEFAULT '',
	value double precision NOT NULL,
	PRIMARY KEY (name, label)
);

CREATE TABLE watch (
	only_one      boolean PRIMARY KEY DEFAULT true CHECK (only_one),
	measured_at   timestamptz NOT NULL DEFAULT '-infinity',
	took_ms       bigint NOT NULL DEFAULT 0,
	-- settings of who measured, for the views of people in psql
	schedule_s    bigint NOT NULL DEFAULT 3600,
	age_intervals bigint NOT NULL DEFAULT 3
);
INSERT INTO watch DEFAULT VALUES;

-- Never go down; in the order of their names, in which they are locked. runs_…: what became of syncs,
-- failed ones by class.
INSERT INTO counter (name) VALUES ('probes_changed'), ('probes_unchanged'), ('run_bytes'), ('run_objects'), ('runs_changed'), ('runs_failed_auth'),
	('runs_failed_busy'), ('runs_failed_gone'), ('runs_failed_local'), ('runs_failed_network'),
	('runs_failed_policy'), ('runs_failed_protocol'), ('runs_failed_tls'), ('runs_held'),
	('runs_unchanged'), ('worker_kills');

-- At the very end of probe_finish: what probes saw, [{outcome}]; failed ones are runs.
CREATE FUNCTION probes_count(ended jsonb) RETURNS void LANGUAGE sql AS $$
	UPDATE hub.counter c SET n = c.n + x.n
	FROM (SELECT 'probes_' || (e ->> 'outcome') AS name, count(*) AS n
		FROM jsonb_array_elements(ended) e GROUP BY 1) x
	WHERE c.name = x.name
$$;

-- At the end of job_finish, as all counters: these runs are new.
CREATE FUNCTION runs_count(fences bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	x record;
BEGIN
	FOR x IN SELECT v.name, sum(v.n)::bigint AS n
		FROM hub.run r CROSS JOIN LATERAL (VALUES ('run_bytes', r.bytes), ('run_objects', r.objects),
			('runs_' || concat_ws('_', r.outcome, nullif(r.error_class, '')), 1)) v (name, n)
		WHERE r.fence = ANY (fences) GROUP BY v.name HAVING sum(v.n) > 0 ORDER BY v.name
	LOOP
		UPDATE hub.counter c SET n = c.n + x.n WHERE c.name = x.name;
	END LOOP;
END $$;

-- ---------------------------------------------------------------- events

ALTER TABLE delivery DROP CONSTRAINT delivery_event_check, ADD CONSTRAINT delivery_event_check
	CHECK (event IN ('ping', 'push', 'sync', 'sync_failed', 'sync_recovered', 'sync_held', 'stale',
		'fresh'));

-- Tells once that a mirror has become stale, and once that it is fresh again, to webhooks that hear of
-- failures. At most 1000 of each at a time: the rest waits for the next look.
CREATE FUNCTION watch_stale(schedule_s bigint, age_intervals bigint) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	m record;
	n bigint := 0;
BEGIN
	FOR m IN
		SELECT v.* FROM hub.mirror_now v
		WHERE v.stale_since IS NOT NULL <> hub.mirror_is_stale(v.due_at, v.paused, v.failures,
			v.held_at, v.checked_at, v.made_at,
			age_intervals * greatest(v.interval_s, schedule_s)::float)
		ORDER BY v.project_id LIMIT 2000
	LOOP
		-- project, mirror: the order of deletions. Who works on it now is seen next time.
		PERFORM FROM hub.project p WHERE p.id = m.project_id FOR KEY SHARE SKIP LOCKED;
		CONTINUE WHEN NOT FOUND;
		PERFORM FROM hub.mirror q WHERE q.project_id = m.project_id
			AND q.stale_since IS NOT DISTINCT FROM m.stale_since FOR NO KEY UPDATE SKIP LOCKED;
		CONTINUE WHEN NOT FOUND;
		UPDATE hub.mirror q SET stale_since = CASE WHEN m.stale_since IS NULL THEN now() END
		WHERE q.project_id = m.project_id;
		n := n + 1;
		CONTINUE WHEN m.paused;   -- it is not fresh, only nobody's concern any more
		PERFORM hub.webhook_emit(m.project_id, CASE WHEN m.stale_since IS NULL THEN 'stale' ELSE 'fresh' END,
			ARRAY[jsonb_build_object(
				'last_success_at', to_char(m.checked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
				'age_s', floor(date_part('epoch', now() - coalesce(m.checked_at, m.made_at)))::bigint,
				'held', m.held_at IS NOT NULL,
				'error_class', m.error_class, 'error_text', m.error_text)]);
	END LOOP;
	RETURN n;
END $$;

-- ---------------------------------------------------------------- measuring

-- A mirror with all that says how it is. interval_s: its own, or none.
CREATE VIEW mirror_now AS
SELECT m.project_id, j.state AS job_state, j.run_at, hub.job_was_due(j) AS due_at, m.paused,
	m.held_at, m.failures, m.last_success_at AS checked_at, p.created_at AS made_at, m.interval_s, m.stale_since,
	m.error_class, m.error_text
FROM hub.mirror m
JOIN hub.project p ON p.id = m.project_id
LEFT JOIN hub.job j ON j.project_id = m.project_id AND j.kind = 'sync';

CREATE FUNCTION watch_put(name text, label text, value double precision) RETURNS void LANGUAGE sql AS $$
	INSERT INTO hub.gauge AS g VALUES ($1, $2, coalesce($3, 0))
	ON CONFLICT ON CONSTRAINT gauge_pkey DO UPDATE SET value = EXCLUDED.value
	WHERE g.value <> EXCLUDED.value
$$;

-- Mirrors by state and by age. The bounds of the ages are those of a histogram: each counts all that
-- are at most so old.
CREATE FUNCTION watch_mirrors(schedule_s bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	bounds bigint[] := ARRAY[60, 300, 900, 1800, 3600, 7200, 14400, 43200, 86400, 259200, 604800];
	states text[] := ARRAY['syncing', 'paused', 'held', 'failing', 'waiting', 'behind', 'fresh'];
	in_state bigint[] := array_fill(0, ARRAY[7]);
	in_bin bigint[] := array_fill(0, ARRAY[12]);
	below bigint := 0;
	age_sum double precision := 0;
	oldest timestamptz;
	n_stale bigint := 0;
	r record;
	i integer;
BEGIN
	-- a paused mirror has no age: nobody wants it younger
	FOR r IN
		SELECT w.word, width_bucket(w.age, ARRAY[60, 300, 900, 1800, 3600, 7200, 14400, 43200, 86400,
				259200, 604800]::float[]) AS bin, w.paused,
			count(*) AS n, sum(w.age) AS age, min(w.since) AS oldest,
			count(*) FILTER (WHERE w.stale) AS n_stale
		FROM (SELECT hub.mirror_word(v.job_state, v.due_at, v.paused, v.held_at IS NOT NULL,
				v.failures, v.checked_at, coalesce(v.interval_s, schedule_s)) AS word, v.paused,
			coalesce(v.checked_at, v.made_at) AS since, v.stale_since IS NOT NULL AS stale,
			greatest(date_part('epoch', now() - coalesce(v.checked_at, v.made_at)), 0) AS age
			FROM hub.mirror_now v OFFSET 0) w
		GROUP BY 1, 2, 3
	LOOP
		i := array_position(states, r.word);
		in_state[i] := in_state[i] + r.n;
		n_stale := n_stale + r.n_stale;
		CONTINUE WHEN r.paused;
		in_bin[r.bin + 1] := in_bin[r.bin + 1] + r.n;
		age_sum := age_sum + r.age;
		oldest := least(oldest, r.oldest);
	END LOOP;
	FOR i IN 1..7 LOOP
		PERFORM hub.watch_put('mirror_states', format('state="%s"', states[i]), in_state[i]);
	END LOOP;
	FOR i IN 1..12 LOOP
		below := below + in_bin[i];
		PERFORM hub.watch_put('mirror_age_bucket', format('le="%s"', coalesce(bounds[i]::text, '+Inf')),
			below);
	END LOOP;
	PERFORM hub.watch_put('mirror_age_sum', '', age_sum);
	PERFORM hub.watch_put('mirror_age_count', '', below);
	PERFORM hub.watch_put('mirrors_stale', '', n_stale);
	PERFORM hub.watch_put('oldest_at', '', date_part('epoch', coalesce(oldest, now())));
END $$;

-- What else is counted by looking at all of it.
CREATE FUNCTION watch_rest() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	UPDATE hub.gauge SET value = 0 WHERE name IN ('jobs', 'deliveries');
	PERFORM hub.watch_put('jobs', format('kind="%s",state="%s"', j.kind, j.state), count(*))
	FROM hub.job j GROUP BY j.kind, j.state;
	PERFORM hub.watch_put('due', '', count(*)),
		-- what somebody waits for has no time but that of the asking
		hub.watch_put('due_at', '', date_part('epoch', coalesce(min(
			CASE WHEN isfinite(j.run_at) THEN j.run_at ELSE j.queued_at END), now())))
	FROM hub.job j WHERE j.state <> 'running' AND j.run_at <= now();
	PERFORM hub.watch_put('hosts', '', count(*)),
		hub.watch_put('breakers_open', '', count(*) FILTER (WHERE h.breaker_until > now()))
	FROM hub.host h;
	PERFORM hub.watch_put('targets', format('state="%s"', x.state), count(t.id))
	FROM (VALUES ('off'), ('conflict'), ('failing'), ('waiting'), ('ok')) x (state)
	LEFT JOIN hub.target t ON x.state = CASE WHEN NOT t.active THEN 'off' WHEN t.failures > 0
		THEN 'failing' WHEN t.n_conflicts > 0 THEN 'conflict' WHEN t.attempted_at IS NULL THEN 'waiting'
		ELSE 'ok' END
	GROUP BY x.state;
	PERFORM hub.watch_put('deliveries', format('state="%s"', d.state), count(*))
	FROM hub.delivery d GROUP BY d.state;
	PERFORM hub.watch_put('webhooks_off', '', count(*)) FROM hub.webhook w WHERE NOT w.active;
	PERFORM hub.watch_put('stores', '', count(*)), hub.watch_put('store_bytes', '', sum(s.size_bytes)),
		hub.watch_put('stores_damaged', '', count(*) FILTER (WHERE s.damaged))
	FROM hub.store s;
END $$;

-- Measures and tells, unless somebody has, or does, a moment ago: every 15 seconds, or when it takes
-- long, every hundred times as long as it took. kills: workers that were killed since the last call.
-- Says how many mirrors have become stale, or fresh again.
CREATE FUNCTION watch_pass(schedule_s bigint, age_intervals bigint, kills bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = hub, pg_temp AS $$
DECLARE
	n bigint;
	begun_at timestamptz := clock_timestamp();
BEGIN
	UPDATE counter c SET n = c.n + kills WHERE c.name = 'worker_kills' AND kills > 0;
	PERFORM FROM watch w WHERE w.measured_at < now()
		- greatest(interval '15 s', make_interval(secs => w.took_ms / 10.0)) FOR UPDATE SKIP LOCKED;
	IF NOT FOUND THEN
		RETURN 0;
	END IF;
	n := watch_stale(schedule_s, age_intervals);
	PERFORM watch_mirrors(schedule_s);
	PERFORM watch_rest();
	UPDATE watch SET measured_at = now(), schedule_s = watch_pass.schedule_s,
		age_intervals = watch_pass.age_intervals,
		took_ms = ceil(date_part('epoch', clock_timestamp() - begun_at) * 1000);
	RETURN n;
END $$;

-- ---------------------------------------------------------------- what /metrics and /readyz show

CREATE FUNCTION schema_version() RETURNS bigint LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT max(m.version) FROM public.hub_migration m
$$;

-- Sums that only grow, what was measured, and what is cheap enough to be asked for each time.
CREATE FUNCTION metrics() RETURNS TABLE (name text, label text, value double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = hub, pg_temp AS $$
	SELECT c.name, '', c.n::double precision FROM counter c
	UNION ALL SELECT c.name || '_wall_us', '', c.wall_us FROM counter c WHERE c.wall_us > 0
	UNION ALL SELECT g.name, g.label, CASE WHEN g.name IN ('oldest_at', 'due_at')
		THEN greatest(date_part('epoch', now()) - g.value, 0) ELSE g.value END FROM gauge g
	UNION ALL SELECT 'workers', '', count(*) FROM worker WHERE beat_at > now() - interval '60 s'
	UNION ALL SELECT 'measured_at', '', CASE WHEN isfinite(w.measured_at)
		THEN date_part('epoch', w.measured_at) ELSE 0 END FROM watch w
	UNION ALL SELECT 'measuring_s', '', w.took_ms / 1000.0 FROM watch w
$$;
