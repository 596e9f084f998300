-- For people in psql: views that read like a page, functions that do what the programs do, with
-- the same rules and the same audit trail. Run by `mirrorhub migrate`, each time. docs/psql.md
-- shows them at work. Only the owner of the tables may use this schema.

CREATE SCHEMA IF NOT EXISTS admin;
REVOKE ALL ON SCHEMA admin FROM PUBLIC;

-- Trusted since PostgreSQL 13: the owner of the database may create it.
CREATE EXTENSION IF NOT EXISTS pgcrypto SCHEMA admin;
DO $$
BEGIN
	IF 'admin'::regnamespace <> (SELECT extnamespace FROM pg_extension WHERE extname = 'pgcrypto') THEN
		ALTER EXTENSION pgcrypto SET SCHEMA admin;
	END IF;
END $$;

-- ---------------------------------------------------------------- views

CREATE OR REPLACE VIEW admin.mirrors AS
SELECT p.path,
	CASE WHEN j.state = 'running' THEN j.phase
		WHEN m.paused THEN 'paused'
		ELSE coalesce(j.state, 'idle') END AS state,
	m.last_success_at::timestamp(0) AS synced,
	CASE WHEN j.state <> 'running' AND isfinite(j.run_at) THEN j.run_at::timestamp(0) END AS next,
	m.latest_version, m.failures, m.error_class, m.error_text, m.url,
	m.sealed_credentials IS NOT NULL AS has_credentials,
	coalesce(a.uname, t.uname) AS owner, p.id AS project_id, p.store_id, s.size_bytes,
	date_trunc('second', now() - v.checked_at) AS age, m.held_at::timestamp(0) AS held,
	m.stale_since::timestamp(0) AS stale, m.interval_s, h.name AS host, m.listed_by AS list, m.moved_to
FROM hub.mirror m
JOIN hub.mirror_now v ON v.project_id = m.project_id
JOIN hub.project p ON p.id = m.project_id
JOIN hub.store s ON s.id = p.store_id
LEFT JOIN hub.host h ON h.id = m.host_id
LEFT JOIN hub.account a ON a.id = p.owner_account_id
LEFT JOIN hub.team t ON t.id = p.owner_team_id
LEFT JOIN hub.job j ON j.project_id = p.id AND j.kind = 'sync'
ORDER BY p.path;

CREATE OR REPLACE VIEW admin.jobs AS
SELECT j.id, j.kind, p.path, j.state, j.phase,
	CASE WHEN j.state <> 'running' THEN CASE WHEN isfinite(j.run_at)
		THEN j.run_at::timestamp(0)::text ELSE 'now' END END AS due,
	j.attempts, j.again, j.bytes, j.objects, j.objects_total, j.worker,
	j.started_at::timestamp(0) AS started, j.lease_until::timestamp(0) AS lease_until,
	coalesce(j.store_id, p.store_id) AS store_id
FROM hub.job j LEFT JOIN hub.project p ON p.id = j.project_id
ORDER BY j.state = 'running' DESC, j.run_at, j.id;

CREATE OR REPLACE VIEW admin.runs AS
SELECT r.id, p.path, r.started_at::timestamp(0) AS started,
	date_trunc('milliseconds', r.finished_at - r.started_at) AS took, r.outcome, r.refs_changed,
	r.objects, r.bytes, r.error_class, r.error_text, r.worker
FROM hub.run r JOIN hub.project p ON p.id = r.project_id
ORDER BY r.id DESC;

CREATE OR REPLACE VIEW admin.accounts AS
SELECT a.uname, a.role, a.active, a.email,
	CASE WHEN a.password_hash = '' THEN 'none' WHEN a.password_hash LIKE '$argon2id$%' THEN 'argon2id'
		ELSE 'to be rehashed' END AS password,
	(SELECT count(*) FROM hub.token t WHERE t.account_id = a.id) AS tokens,
	(SELECT max(t.last_used_at)::timestamp(0) FROM hub.token t WHERE t.account_id = a.id) AS token_used,
	(SELECT count(*) FROM hub.project p WHERE p.owner_account_id = a.id) AS projects,
	a.created_at::timestamp(0) AS created, a.id AS account_id
FROM hub.account a
ORDER BY a.uname;

-- People who are signed in to the pages now.
CREATE OR REPLACE VIEW admin.sessions AS
SELECT a.uname, s.created_at::timestamp(0) AS signed_in, s.seen_at::timestamp(0) AS seen,
	hub.session_ends(s.created_at, s.seen_at)::timestamp(0) AS ends,
	s.remote_addr, s.user_agent, s.id AS session_id
FROM hub.session s JOIN hub.account a ON a.id = s.account_id
WHERE s.password_version = a.password_version AND hub.session_holds(s.created_at, s.seen_at)
ORDER BY s.seen_at DESC;

-- What ABF's packages.csv lists; epoch 0 is none, '' is not known.
CREATE OR REPLACE VIEW admin.packages AS
SELECT f.name || '/' || r.name AS repository, p.path, k.name,
	CASE WHEN k.epoch > 0 THEN k.epoch || ':' ELSE '' END || k.version || '-' || k.release AS version,
	left(k.commit_id, 10) AS commit, k.committer_email AS committer,
	k.updated_at::timestamp(0) AS changed, coalesce(j.state, '') AS job
FROM hub.package k
JOIN hub.repository r ON r.id = k.repository_id
JOIN hub.platform f ON f.id = r.platform_id
JOIN hub.project p ON p.id = k.project_id
LEFT JOIN hub.job j ON j.project_id = p.id AND j.kind = 'packages'
ORDER BY f.name, r.name, k.id;

-- ABF's platforms; main ones come first. members: without the owner.
CREATE OR REPLACE VIEW admin.platforms AS
SELECT f.name, f.platform_type AS type, coalesce(a.uname, t.uname) AS owner,
	CASE WHEN f.is_hidden THEN 'hidden' ELSE 'open' END AS visibility, f.is_released AS released,
	f.distrib_type, f.default_branch,
	(SELECT count(*) FROM hub.repository r WHERE r.platform_id = f.id) AS repositories,
	(SELECT count(*) FROM hub.platform_grant g WHERE g.platform_id = f.id) AS members,
	s.name AS cloned_from, f.created_at::timestamp(0) AS created, f.id AS platform_id
FROM hub.platform f
LEFT JOIN hub.account a ON a.id = f.owner_account_id
LEFT JOIN hub.team t ON t.id = f.owner_team_id
LEFT JOIN hub.platform s ON s.id = f.parent_platform_id
ORDER BY f.platform_type, lower(f.name);

-- ABF's package repositories: the sections of platforms.
CREATE OR REPLACE VIEW admin.repositories AS
SELECT f.name || '/' || r.name AS repository, r.description,
	(SELECT count(*) FROM hub.repository_project x WHERE x.repository_id = r.id) AS projects,
	(SELECT count(*) FROM hub.package k WHERE k.repository_id = r.id) AS packages,
	(SELECT count(*) FROM hub.repository_grant g WHERE g.repository_id = r.id) AS members,
	coalesce(r.publish_builds_only_from_branch, '') AS only_from_branch,
	NOT r.publish_without_qa AS needs_qa,
	EXISTS (SELECT FROM hub.key_pair k WHERE k.repository_id = r.id) AS is_signed,
	r.created_at::timestamp(0) AS created, r.id AS repository_id
FROM hub.repository r JOIN hub.platform f ON f.id = r.platform_id
ORDER BY f.platform_type, lower(f.name), r.name;

-- ---------------------------------------------------------------- help for the functions

CREATE OR REPLACE FUNCTION admin.project_id(path text, is_mirror boolean) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	found_id bigint;
BEGIN
	SELECT p.id INTO found_id FROM hub.project p
	WHERE lower(p.path) = lower($1 COLLATE "C") AND (p.is_mirror OR NOT $2);
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no % %', CASE WHEN $2 THEN 'mirror' ELSE 'project' END, $1;
	END IF;
	RETURN found_id;
END $$;

CREATE OR REPLACE FUNCTION admin.account_id(uname text) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	found_id bigint;
BEGIN
	SELECT a.id INTO found_id FROM hub.account a WHERE lower(a.uname) = lower($1 COLLATE "C");
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no account %', $1;
	END IF;
	RETURN found_id;
END $$;

-- The audit trail does not know who sits at psql, only as which role.
CREATE OR REPLACE FUNCTION admin.record(action text, object text) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
	INSERT INTO hub.event (action, object, detail) VALUES ($1, $2, 'psql as ' || session_user)
$$;

-- bcrypt: both the programs and pgcrypto know it. The first log-in makes argon2id of it. bcrypt
-- reads 72 bytes; a longer password would fit by its beginning alone.
CREATE OR REPLACE FUNCTION admin.hash(password text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF password IS NULL OR octet_length(password) NOT BETWEEN 8 AND 72 THEN
		RAISE EXCEPTION 'a password made in psql has 8 to 72 bytes';
	END IF;
	RETURN admin.crypt(password, admin.gen_salt('bf', 10));
END $$;

-- ---------------------------------------------------------------- mirrors

CREATE OR REPLACE FUNCTION admin.sync_now(path text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	mirror_id bigint := admin.project_id(path, true);
BEGIN
	IF (SELECT m.paused FROM hub.mirror m WHERE m.project_id = mirror_id) THEN
		RAISE EXCEPTION 'the mirror % is paused', path USING HINT = 'admin.resume wakes it up.';
	END IF;
	IF NOT hub.request_sync(mirror_id) THEN -- deleted since it was found
		RAISE EXCEPTION 'there is no mirror %', path;
	END IF;
	PERFORM admin.record('sync.request', path);
	RETURN (SELECT CASE WHEN j.again THEN 'it is running, and will run once more' ELSE 'queued' END
		FROM hub.job j WHERE j.project_id = mirror_id AND j.kind = 'sync');
END $$;

-- A sync that is running comes to its end; then nothing is planned any more.
CREATE OR REPLACE FUNCTION admin.pause(path text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	mirror_id bigint := admin.project_id(path, true);
BEGIN
	UPDATE hub.mirror m SET paused = true WHERE m.project_id = mirror_id AND NOT m.paused;
	IF NOT FOUND THEN
		RETURN 'it was paused already';
	END IF;
	DELETE FROM hub.job j WHERE j.project_id = mirror_id AND j.kind = 'sync' AND j.state <> 'running';
	PERFORM admin.record('mirror.pause', path);
	RETURN CASE WHEN EXISTS (SELECT FROM hub.job j WHERE j.project_id = mirror_id AND j.kind = 'sync')
		THEN 'paused; the sync that is running comes to its end' ELSE 'paused' END;
END $$;

CREATE OR REPLACE FUNCTION admin.resume(path text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	mirror_id bigint := admin.project_id(path, true);
BEGIN
	UPDATE hub.mirror m SET paused = false WHERE m.project_id = mirror_id AND m.paused;
	IF NOT FOUND THEN
		RETURN 'it was not paused';
	END IF;
	PERFORM hub.request_sync(mirror_id);
	PERFORM admin.record('mirror.resume', path);
	RETURN 'resumed, and queued';
END $$;

-- The address at which its upstream says it is from now on becomes that of the mirror. Credentials are
-- forgotten: they were given for the old one.
CREATE OR REPLACE FUNCTION admin.accept_move(path text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	mirror_id bigint := admin.project_id(path, true);
	address text;
BEGIN
	UPDATE hub.mirror m SET url = m.moved_to, sealed_credentials = NULL
	WHERE m.project_id = mirror_id AND m.moved_to IS NOT NULL RETURNING m.url INTO address;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'the upstream of the mirror % has not moved', path;
	END IF;
	PERFORM hub.request_sync(mirror_id);
	PERFORM admin.record('mirror.upstream', path);
	RETURN 'now from ' || address;
END $$;

-- Mirrors whose upstreams changed in a way that somebody has to approve; what they publish stays as it
-- was until then.
CREATE OR REPLACE VIEW admin.held AS
SELECT p.path, m.held_at::timestamp(0) AS held,
	(SELECT string_agg(f ->> 'sentence', E'\n') FROM jsonb_array_elements(m.held_findings) f) AS why,
	encode(m.held_fingerprint, 'hex') AS fingerprint, m.url, p.id AS project_id
FROM hub.mirror m JOIN hub.project p ON p.id = m.project_id
WHERE m.held_fingerprint IS NOT NULL
ORDER BY m.held_at;

CREATE OR REPLACE FUNCTION admin.decide(path text, is_approved boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF hub.guard_decide(admin.project_id(path, true), is_approved, '', 'psql as ' || session_user)
		<> 'ok' THEN
		RAISE EXCEPTION 'nothing of the mirror % waits for approval', path;
	END IF;
	PERFORM admin.record(CASE WHEN is_approved THEN 'mirror.approve' ELSE 'mirror.reject' END, path);
END $$;

-- It is published with the next sync, whatever the rules say of it.
CREATE OR REPLACE FUNCTION admin.approve(path text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM admin.decide(path, true);
	RETURN 'approved, and queued';
END $$;

-- It is passed over until the upstream has something else.
CREATE OR REPLACE FUNCTION admin.reject(path text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM admin.decide(path, false);
	RETURN 'rejected: passed over until the upstream changes again';
END $$;

-- What mirrors take over; NULL is the hub's setting.
CREATE OR REPLACE VIEW admin.mirror_options AS
SELECT p.path, m.mode, m.ref_include, m.ref_exclude, m.prunes, m.allow_rewrite, m.kept_count, m.kept_days,
	m.most_bytes, m.most_objects, m.most_refs, m.most_blob_bytes, p.id AS project_id
FROM hub.mirror m JOIN hub.project p ON p.id = m.project_id
ORDER BY p.path;

-- One of those columns of one mirror. value NULL: as the hub has it. A ref_include of '' takes nothing.
CREATE OR REPLACE FUNCTION admin.set_mirror(path text, option text, value text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	mirror_id bigint := admin.project_id(path, true);
BEGIN
	CASE option
		WHEN 'mode' THEN UPDATE hub.mirror m SET mode = value WHERE m.project_id = mirror_id;
		WHEN 'ref_include' THEN UPDATE hub.mirror m SET ref_include = value WHERE m.project_id = mirror_id;
		WHEN 'ref_exclude' THEN UPDATE hub.mirror m SET ref_exclude = value WHERE m.project_id = mirror_id;
		WHEN 'prunes' THEN UPDATE hub.mirror m SET prunes = value::boolean WHERE m.project_id = mirror_id;
		WHEN 'allow_rewrite' THEN
			UPDATE hub.mirror m SET allow_rewrite = value::boolean WHERE m.project_id = mirror_id;
		WHEN 'kept_count' THEN
			UPDATE hub.mirror m SET kept_count = value::integer WHERE m.project_id = mirror_id;
		WHEN 'kept_days' THEN
			UPDATE hub.mirror m SET kept_days = value::integer WHERE m.project_id = mirror_id;
		WHEN 'most_bytes' THEN
			UPDATE hub.mirror m SET most_bytes = value::bigint WHERE m.project_id = mirror_id;
		WHEN 'most_objects' THEN
			UPDATE hub.mirror m SET most_objects = value::bigint WHERE m.project_id = mirror_id;
		WHEN 'most_refs' THEN
			UPDATE hub.mirror m SET most_refs = value::bigint WHERE m.project_id = mirror_id;
		WHEN 'most_blob_bytes' THEN
			UPDATE hub.mirror m SET most_blob_bytes = value::bigint WHERE m.project_id = mirror_id;
		ELSE RAISE EXCEPTION 'a mirror has no option %', option
			USING HINT = 'The columns of admin.mirror_options are its options.';
	END CASE;
	PERFORM admin.record('mirror.options', path);
	RETURN coalesce(option || ' is ' || nullif(value, ''), CASE WHEN value = '' THEN option || ' is empty'
		ELSE option || ' is the hub''s' END);
END $$;

-- Refs that were taken back from among the kept ones.
CREATE OR REPLACE VIEW admin.restored AS
SELECT p.path, i.ref, i.oid AS id, i.actor AS by, i.created_at::timestamp(0) AS at, p.id AS project_id
FROM hub.mirror_pin i JOIN hub.project p ON p.id = i.project_id
WHERE NOT i.is_let_go
ORDER BY p.path, i.ref;

-- A tip that is kept (git for-each-ref refs/mirrorhub/kept in its store shows them) is published again
-- as ref, with the next sync.
CREATE OR REPLACE FUNCTION admin.restore(path text, ref text, id text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	INSERT INTO hub.mirror_pin (project_id, ref, oid, actor)
	VALUES (admin.project_id(path, true), ref, lower(id), 'psql as ' || session_user)
	ON CONFLICT (project_id, ref) DO UPDATE SET oid = EXCLUDED.oid, actor = EXCLUDED.actor,
		is_let_go = false, created_at = now();
	PERFORM admin.record('mirror.restore', path);
	RETURN 'queued';
END $$;

CREATE OR REPLACE FUNCTION admin.let_go(path text, ref text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE hub.mirror_pin i SET is_let_go = true
	WHERE i.project_id = admin.project_id(path, true) AND i.ref = let_go.ref AND NOT i.is_let_go;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'no ref % of the mirror % was taken back', ref, path;
	END IF;
	PERFORM admin.record('mirror.let_go', path);
	RETURN 'queued';
END $$;

-- The rows at once; mirrorhub-sync removes the folder.
CREATE OR REPLACE FUNCTION admin.delete_project(path text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	its_store bigint;
BEGIN
	DELETE FROM hub.project p WHERE p.id = admin.project_id(delete_project.path, false)
		RETURNING p.store_id INTO its_store;
	IF NOT EXISTS (SELECT FROM hub.project p WHERE p.store_id = its_store) THEN
		INSERT INTO hub.job (kind, store_id) VALUES ('remove_store', its_store)
			ON CONFLICT (store_id, kind) WHERE store_id IS NOT NULL DO NOTHING;
	END IF;
	PERFORM admin.record('project.delete', path);
	RETURN 'deleted';
END $$;

-- ---------------------------------------------------------------- accounts

-- password NULL: a random one, shown in the answer this once (and in no history of psql).
CREATE OR REPLACE FUNCTION admin.create_account(uname text, password text, role text DEFAULT 'user',
	email text DEFAULT '') RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	made text := encode(admin.gen_random_bytes(12), 'hex');
BEGIN
	INSERT INTO hub.account (uname, role, email, password_hash)
	VALUES (uname, role, email, admin.hash(coalesce(password, made)));
	PERFORM admin.record('account.create', uname);
	RETURN CASE WHEN password IS NULL THEN 'created; its password, shown this once: ' || made
		ELSE 'created' END;
EXCEPTION WHEN unique_violation THEN
	RAISE EXCEPTION 'the user name or the e-mail address is taken' USING ERRCODE = 'unique_violation';
END $$;

-- What programs remember of the old password is void at once; tokens stay.
CREATE OR REPLACE FUNCTION admin.set_password(uname text, password text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	made text := encode(admin.gen_random_bytes(12), 'hex');
	found_id bigint := admin.account_id(uname);
BEGIN
	UPDATE hub.account a SET password_hash = admin.hash(coalesce(password, made)),
		password_version = a.password_version + 1, updated_at = now()
	WHERE a.id = found_id;
	PERFORM admin.record('account.password', uname);
	RETURN CASE WHEN password IS NULL THEN 'set; the password, shown this once: ' || made
		ELSE 'set' END;
END $$;

-- An account that is not active cannot do anything: neither its password nor its tokens fit.
CREATE OR REPLACE FUNCTION admin.set_active(uname text, active boolean) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	found_id bigint := admin.account_id(uname);
BEGIN
	UPDATE hub.account a SET active = set_active.active, updated_at = now() WHERE a.id = found_id;
	PERFORM admin.record(CASE WHEN active THEN 'account.enable' ELSE 'account.disable' END, uname);
	RETURN CASE WHEN active THEN 'enabled' ELSE 'disabled' END;
END $$;

-- The 40 characters of a new token; the table keeps only their SHA-256. scope: the most it allows,
-- 1 read, 2 write, 3 whatever the account may.
CREATE OR REPLACE FUNCTION admin.new_token(uname text, description text DEFAULT '',
	scope integer DEFAULT 3) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	made text := encode(admin.gen_random_bytes(20), 'hex');
BEGIN
	IF scope NOT BETWEEN 1 AND 3 THEN
		RAISE EXCEPTION 'a scope is 1 (read), 2 (write) or 3 (admin)';
	END IF;
	INSERT INTO hub.token (account_id, hash, prefix, description, scope)
	VALUES (admin.account_id(uname), sha256(convert_to(made, 'UTF8')), left(made, 6), description, scope);
	PERFORM admin.record('token.create', uname);
	RETURN made;
END $$;

CREATE OR REPLACE FUNCTION admin.revoke_token(prefix text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	whose text;
BEGIN
	DELETE FROM hub.token t USING hub.account a
	WHERE t.prefix = revoke_token.prefix AND a.id = t.account_id RETURNING a.uname INTO STRICT whose;
	PERFORM admin.record('token.revoke', whose);
	RETURN 'revoked, it was ' || whose || '''s';
EXCEPTION
	WHEN no_data_found THEN RAISE EXCEPTION 'there is no token that begins with %', prefix;
	WHEN too_many_rows THEN RAISE EXCEPTION 'several tokens begin with %', prefix
		USING HINT = 'Delete the one you mean from hub.token by its id.';
END $$;

-- ---------------------------------------------------------------- how the hub is

-- Mirrors that are too old, or held for too long: alert.age_intervals of their intervals. told: since
-- when webhooks know.
CREATE OR REPLACE VIEW admin.stale AS
SELECT p.path, date_trunc('second', now() - coalesce(v.checked_at, v.made_at)) AS age,
	make_interval(secs => w.age_intervals * greatest(v.interval_s, w.schedule_s)::float) AS limit,
	hub.mirror_word(v.job_state, v.due_at, v.paused, v.held_at IS NOT NULL, v.failures, v.checked_at,
		coalesce(v.interval_s, w.schedule_s)) AS state,
	v.checked_at::timestamp(0) AS checked, v.held_at::timestamp(0) AS held,
	CASE WHEN isfinite(v.run_at) THEN v.run_at::timestamp(0) END AS next,
	v.stale_since::timestamp(0) AS told, v.failures, v.error_class, v.error_text, p.id AS project_id
FROM hub.mirror_now v
JOIN hub.project p ON p.id = v.project_id
CROSS JOIN hub.watch w
WHERE hub.mirror_is_stale(v.due_at, v.paused, v.failures, v.held_at, v.checked_at, v.made_at,
	w.age_intervals * greatest(v.interval_s, w.schedule_s)::float)
ORDER BY coalesce(v.checked_at, v.made_at);

-- Whom we ask. state: open (its breaker: nobody asks until then), trying (one of its mirrors does), ok.
CREATE OR REPLACE VIEW admin.hosts AS
SELECT h.name, hub.host_word(h) AS state,
	CASE WHEN h.breaker_until > now() THEN h.breaker_until::timestamp(0) END AS until,
	(SELECT count(*) FROM hub.mirror m WHERE m.host_id = h.id) AS mirrors,
	(SELECT count(*) FROM hub.job j WHERE j.host_id = h.id AND j.state = 'running') AS running,
	h.slots, CASE h.v2 WHEN 1 THEN 'yes' WHEN 2 THEN 'no' ELSE '' END AS protocol_v2,
	coalesce(h.is_own, false) AS own, h.took_ms, h.failures, h.error_text,
	h.error_at::timestamp(0) AS error_at, h.id AS host_id
FROM hub.host h
ORDER BY h.breaker_until > now() DESC, h.failures DESC, h.name;

-- It is asked again now, whatever its breaker or its Retry-After says; after failures by one mirror
-- alone, and the others follow when that went well.
CREATE OR REPLACE FUNCTION admin.try_host(name text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF hub.host_try((SELECT h.id FROM hub.host h WHERE h.name = lower(try_host.name))) IS NULL THEN
		RAISE EXCEPTION 'there is no host %', name USING HINT = 'admin.hosts has them, as host:port.';
	END IF;
	PERFORM admin.record('host.try', lower(name));
	RETURN 'it is asked again now';
END $$;

-- Where projects are pushed on to.
CREATE OR REPLACE VIEW admin.targets AS
SELECT t.id, p.path AS project, t.url, t.provider,
	CASE WHEN j.state = 'running' THEN 'pushing' WHEN NOT t.active THEN 'paused'
		WHEN j.state = 'queued' THEN 'pushing'
		WHEN t.failures > 0 THEN CASE t.error_class WHEN 'auth' THEN 'auth' ELSE 'backoff' END
		WHEN t.n_conflicts > 0 THEN 'conflict' WHEN t.n_refused > 0 THEN 'partial'
		ELSE 'idle' END AS state,
	t.pushed_at::timestamp(0) AS pushed, t.audited_at::timestamp(0) AS audited,
	CASE WHEN j.state <> 'running' AND isfinite(j.run_at) THEN j.run_at::timestamp(0) END AS next,
	t.n_conflicts AS conflicts, t.n_refused AS refused, t.failures, t.error_class, t.error_text,
	t.has_credentials, t.has_token
FROM hub.target t
JOIN hub.project p ON p.id = t.project_id
LEFT JOIN hub.job j ON j.target_id = t.id
ORDER BY p.path, t.id;

-- The queue in numbers. late: how long the one that waits longest has been due.
CREATE OR REPLACE VIEW admin.queue AS
SELECT j.kind, j.state, count(*) AS jobs,
	count(*) FILTER (WHERE j.state <> 'running' AND j.run_at <= now()) AS due,
	date_trunc('second', max(now() - CASE WHEN isfinite(j.run_at) THEN j.run_at ELSE j.queued_at END)
		FILTER (WHERE j.state <> 'running' AND j.run_at <= now())) AS late,
	min(j.run_at) FILTER (WHERE j.run_at > now())::timestamp(0) AS next
FROM hub.job j
GROUP BY j.kind, j.state
ORDER BY j.kind, j.state;

-- One row per question, the bad ones first.
CREATE OR REPLACE VIEW admin.health AS
SELECT q.question, CASE WHEN q.is_ok THEN 'ok' ELSE 'warn' END AS answer, q.detail
FROM (
	SELECT 1 AS k, 'Are sync programs at work?' AS question,
		EXISTS (SELECT FROM hub.worker x WHERE x.beat_at > now() - interval '1 minute')
			OR w.measured_at > now() - interval '10 minutes' AS is_ok,
		(SELECT count(*) FROM hub.worker x WHERE x.beat_at > now() - interval '1 minute')
			|| ' workers in the last minute' AS detail
	FROM hub.watch w
	UNION ALL
	SELECT 2, 'Does the queue keep up?', coalesce(max(now() - greatest(
			CASE WHEN isfinite(j.run_at) THEN j.run_at ELSE j.queued_at END, '-infinity')), '0')
			< interval '10 minutes',
		count(*) || ' jobs are due and not taken'
	FROM hub.job j WHERE j.state <> 'running' AND j.run_at <= now()
	UNION ALL
	SELECT 3, 'Are all mirrors fresh enough?', count(*) = 0, count(*) || ' are not: admin.stale'
	FROM admin.stale
	UNION ALL
	SELECT 4, 'Is nothing held for approval?', count(*) = 0, count(*) || ' mirrors wait for one'
	FROM hub.mirror m WHERE m.held_at IS NOT NULL
	UNION ALL
	SELECT 5, 'Do all hosts answer?', count(*) = 0, count(*) || ' are not asked for now: admin.hosts'
	FROM hub.host h WHERE h.breaker_until > now()
	UNION ALL
	SELECT 6, 'Are all stores sound?', count(*) = 0, count(*) || ' are damaged'
	FROM hub.store s WHERE s.damaged
	UNION ALL
	SELECT 7, 'Are all targets as they should be?', count(*) = 0,
		count(*) || ' fail or are in conflict: admin.targets'
	FROM hub.target t WHERE t.active AND (t.failures > 0 OR t.n_conflicts > 0)
	UNION ALL
	SELECT 8, 'Do all webhooks get through?', count(*) = 0, count(*) || ' do not: admin.webhooks'
	FROM hub.webhook w WHERE NOT w.active OR w.failures > 0
	UNION ALL
	SELECT 9, 'Can all lists of upstreams be read?', count(*) = 0,
		count(*) || ' cannot: admin.manifests'
	FROM hub.manifest f WHERE f.failures > 0
) q
ORDER BY q.is_ok, q.k;

-- ---------------------------------------------------------------- lists of upstreams

-- Lists that hosts publish of their repositories (grokmirror's manifests). followed: mirrors that a list
-- watches over; behind: those of them that it says have something newer.
CREATE OR REPLACE VIEW admin.manifests AS
SELECT f.id, f.url, f.prefix, f.interval_s, f.entries,
	(SELECT count(*) FROM hub.mirror m WHERE m.listed_by = f.id) AS followed,
	(SELECT count(*) FROM hub.mirror m WHERE m.listed_by = f.id
		AND m.listed_fingerprint IS DISTINCT FROM m.taken_fingerprint) AS behind,
	f.checked_at::timestamp(0) AS checked, f.changed_at::timestamp(0) AS changed,
	CASE WHEN isfinite(f.next_at) THEN f.next_at::timestamp(0) END AS next,
	f.failures, f.error_class, f.error_text
FROM hub.manifest f
ORDER BY f.id;

CREATE OR REPLACE FUNCTION admin.manifest_id(manifest bigint) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM hub.manifest f WHERE f.id = manifest) THEN
		RAISE EXCEPTION 'there is no list %', manifest;
	END IF;
	RETURN manifest;
END $$;

-- prefix: what stands before the list's paths in the addresses of the mirrors; NULL: the address of the
-- list without its last part.
CREATE OR REPLACE FUNCTION admin.add_manifest(url text, prefix text DEFAULT NULL,
	interval_s integer DEFAULT 300) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	made bigint;
BEGIN
	IF url !~ '^https?://([A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?/[^[:space:][:cntrl:]#"<>\\]*$' THEN
		RAISE EXCEPTION 'the address of a list is https://host/path, without a user';
	ELSIF interval_s < 10 THEN
		RAISE EXCEPTION 'a list is read every 10 seconds at most';
	END IF;
	INSERT INTO hub.manifest (url, prefix, interval_s)
	VALUES (url, rtrim(coalesce(prefix, regexp_replace(url, '/[^/]*$', '')), '/'), interval_s)
	RETURNING id INTO made;
	PERFORM admin.record('manifest.create', url);
	NOTIFY mirrorhub_job;
	RETURN 'made list ' || made;
EXCEPTION WHEN unique_violation THEN
	RAISE EXCEPTION 'there is a list with this address' USING ERRCODE = 'unique_violation';
END $$;

-- Its mirrors are asked themselves again.
CREATE OR REPLACE FUNCTION admin.delete_manifest(manifest bigint) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	its_id bigint := admin.manifest_id(manifest);
BEGIN
	PERFORM admin.record('manifest.delete', (SELECT f.url FROM hub.manifest f WHERE f.id = its_id));
	PERFORM hub.manifest_let_go(array(SELECT m.project_id FROM hub.mirror m WHERE m.listed_by = its_id
		ORDER BY m.project_id), (SELECT w.schedule_s FROM hub.watch w));
	DELETE FROM hub.manifest f WHERE f.id = its_id;
	RETURN 'deleted';
END $$;

-- Reads it now. believe: also if it has lost many entries.
CREATE OR REPLACE FUNCTION admin.check_manifest(manifest bigint, believe boolean DEFAULT false)
RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	its_id bigint := admin.manifest_id(manifest);
BEGIN
	UPDATE hub.manifest f SET next_at = '-infinity', is_believed = f.is_believed OR believe,
		-- a list that is the same as before is read all the same
		etag = CASE WHEN believe THEN '' ELSE f.etag END,
		last_modified = CASE WHEN believe THEN '' ELSE f.last_modified END
	WHERE f.id = its_id;
	PERFORM admin.record('manifest.check', (SELECT f.url FROM hub.manifest f WHERE f.id = its_id));
	NOTIFY mirrorhub_job;
	RETURN 'it will be read now';
END $$;

-- ---------------------------------------------------------------- teams

-- ABF calls them groups.
CREATE OR REPLACE VIEW admin.teams AS
SELECT t.uname, a.uname AS owner,
	(SELECT count(*) FROM hub.team_member m WHERE m.team_id = t.id) AS members,
	(SELECT count(*) FROM hub.project p WHERE p.owner_team_id = t.id) AS projects,
	t.description, t.created_at::timestamp(0) AS created, t.id AS team_id, t.active
FROM hub.team t JOIN hub.account a ON a.id = t.owner_account_id
ORDER BY t.uname;

-- The owner becomes a member with the role admin; a trigger makes the personal platform.
CREATE OR REPLACE FUNCTION admin.create_team(uname text, owner text, description text DEFAULT '')
RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner_id bigint := admin.account_id(owner);
	made bigint;
BEGIN
	INSERT INTO hub.team (uname, owner_account_id, description)
	VALUES (uname, owner_id, description) RETURNING id INTO STRICT made;
	INSERT INTO hub.team_member (team_id, account_id, role) VALUES (made, owner_id, 3);
	PERFORM admin.record('team.create', uname);
	RETURN 'created';
EXCEPTION WHEN unique_violation THEN
	RAISE EXCEPTION 'an account or a team is named so, or a platform %_personal', uname
		USING ERRCODE = 'unique_violation';
END $$;

-- role: reader, writer or admin. Who is a member already gets that role.
CREATE OR REPLACE FUNCTION admin.add_member(team text, uname text, role text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	member_id bigint := admin.account_id(uname);
	level smallint := array_position(ARRAY['reader', 'writer', 'admin'], role);
	it hub.team;
BEGIN
	SELECT * INTO it FROM hub.team t WHERE lower(t.uname) = lower(team COLLATE "C");
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no team %', team;
	ELSIF level IS NULL THEN
		RAISE EXCEPTION 'a role is reader, writer or admin';
	ELSIF member_id = it.owner_account_id THEN
		RAISE EXCEPTION '% owns the team %, and is its admin', uname, team;
	END IF;
	INSERT INTO hub.team_member (team_id, account_id, role) VALUES (it.id, member_id, level)
	ON CONFLICT (team_id, account_id) DO UPDATE SET role = level;
	PERFORM admin.record('team.add_member', it.uname);
	RETURN role || ' of ' || it.uname;
END $$;

-- An inactive team gives nothing to its members: neither what it was granted nor a role on what it
-- owns. Its owner keeps that.
CREATE OR REPLACE FUNCTION admin.set_team_active(team text, active boolean) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	name text;
BEGIN
	UPDATE hub.team t SET active = set_team_active.active, updated_at = now()
	WHERE lower(t.uname) = lower(team COLLATE "C") RETURNING t.uname INTO name;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no team %', team;
	END IF;
	PERFORM admin.record('team.update', name);
	RETURN CASE WHEN active THEN 'active' ELSE 'not active' END;
END $$;

-- ---------------------------------------------------------------- folders

-- RhodeCode calls them repository groups. Counted is what is directly in them.
CREATE OR REPLACE VIEW admin.folders AS
SELECT f.path, a.uname AS owner,
	(ARRAY['none', 'read', 'write', 'admin'])[f.default_access + 1] AS everyone,
	(SELECT count(*) FROM hub.folder_grant g WHERE g.folder_id = f.id) AS grants,
	(SELECT count(*) FROM hub.folder d WHERE lower(d.path) > lower(f.path) || '/'
		AND lower(d.path) < lower(f.path) || '0'
		AND strpos(substr(d.path, length(f.path) + 2), '/') = 0) AS folders,
	(SELECT count(*) FROM hub.project p WHERE lower(p.path) > lower(f.path) || '/'
		AND lower(p.path) < lower(f.path) || '0'
		AND strpos(substr(p.path, length(f.path) + 2), '/') = 0) AS projects,
	f.description, f.created_at::timestamp(0) AS created, f.id AS folder_id
FROM hub.folder f JOIN hub.account a ON a.id = f.owner_account_id
ORDER BY lower(f.path);

-- Whether an account may make projects and folders at the top (RhodeCode's door asks; everyone may
-- unless somebody says otherwise).
CREATE OR REPLACE FUNCTION admin.set_top(uname text, may_create boolean) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	found_id bigint := admin.account_id(uname);
BEGIN
	UPDATE hub.account a SET may_create_at_top = may_create, updated_at = now() WHERE a.id = found_id;
	PERFORM admin.record('account.update', uname);
	RETURN CASE WHEN may_create THEN uname || ' may create at the top'
		ELSE uname || ' may not create at the top' END;
END $$;

-- ---------------------------------------------------------------- webhooks

CREATE OR REPLACE VIEW admin.webhooks AS
SELECT w.id, coalesce(p.path, '(all)') AS project, w.url,
	concat_ws(',', CASE WHEN w.on_push THEN 'push' END, CASE WHEN w.on_sync THEN 'sync' END,
		CASE WHEN w.on_failure THEN 'failure' END) AS events,
	CASE WHEN NOT w.active THEN 'off' WHEN w.next_at > now() AND w.failures > 0 THEN 'paused'
		ELSE 'on' END AS state,
	w.failures, CASE WHEN w.next_at > now() AND isfinite(w.next_at) THEN w.next_at::timestamp(0) END AS next,
	(SELECT count(*) FROM hub.delivery d WHERE d.webhook_id = w.id AND d.state = 'waiting') AS waiting,
	w.dropped, w.last_at::timestamp(0) AS last, w.last_status, w.last_error, w.off_why,
	w.has_secret, w.has_headers, CASE WHEN w.by_owner THEN '' ELSE a.uname END AS answers_for_it
FROM hub.webhook w
LEFT JOIN hub.project p ON p.id = w.project_id
LEFT JOIN hub.account a ON a.id = w.account_id
ORDER BY w.id;

CREATE OR REPLACE VIEW admin.deliveries AS
SELECT d.id, d.webhook_id, p.path AS project, d.event, d.state, d.attempts, d.status,
	d.created_at::timestamp(0) AS created, d.sent_at::timestamp(0) AS sent, d.took_ms, d.error, d.answer,
	d.guid
FROM hub.delivery d LEFT JOIN hub.project p ON p.id = d.project_id
ORDER BY d.id DESC;

CREATE OR REPLACE VIEW admin.hook_tasks AS
SELECT t.id, p.path AS project, jsonb_array_length(t.refs) AS branches, t.done AS calls_done, t.attempts,
	t.lease_until > now() AS is_running, t.created_at::timestamp(0) AS created
FROM hub.hook_task t JOIN hub.project p ON p.id = t.project_id
ORDER BY t.id;

CREATE OR REPLACE FUNCTION admin.record_webhook(action text, webhook bigint) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
	INSERT INTO hub.event (action, object, detail)
	SELECT $1, coalesce((SELECT p.path FROM hub.webhook w JOIN hub.project p ON p.id = w.project_id
		WHERE w.id = $2), ''), 'webhook ' || $2 || ', psql as ' || session_user
$$;

CREATE OR REPLACE FUNCTION admin.webhook_id(webhook bigint) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM hub.webhook w WHERE w.id = webhook) THEN
		RAISE EXCEPTION 'there is no webhook %', webhook;
	END IF;
	RETURN webhook;
END $$;

-- path NULL: of all projects. events: push, sync, failure, divided by commas. Its secret comes from
-- `mirrorhub webhook-secret`: only programs can seal it.
CREATE OR REPLACE FUNCTION admin.add_webhook(path text, url text, events text DEFAULT 'push') RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	words text[] := string_to_array(replace(events, ' ', ''), ',');
	made bigint;
BEGIN
	IF NOT words <@ ARRAY['push', 'sync', 'failure'] OR cardinality(words) = 0 THEN
		RAISE EXCEPTION 'events are push, sync and failure';
	ELSIF url !~ '^https?://([A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?([/?][^[:space:][:cntrl:]#"<>\\]*)?$' THEN
		RAISE EXCEPTION 'the address of a webhook is https://host/path, without a user';
	END IF;
	INSERT INTO hub.webhook (project_id, url, on_push, on_sync, on_failure, by_owner)
	VALUES (CASE WHEN path IS NOT NULL THEN admin.project_id(path, false) END, url,
		'push' = ANY (words), 'sync' = ANY (words), 'failure' = ANY (words), true)
	RETURNING id INTO made;
	PERFORM admin.record_webhook('webhook.create', made);
	RETURN 'made webhook ' || made;
END $$;

CREATE OR REPLACE FUNCTION admin.delete_webhook(webhook bigint) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM admin.record_webhook('webhook.delete', admin.webhook_id(webhook));
	DELETE FROM hub.webhook w WHERE w.id = webhook;
	RETURN 'deleted';
END $$;

-- What waits is sent when it is on again.
CREATE OR REPLACE FUNCTION admin.set_webhook_active(webhook bigint, active boolean) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM admin.record_webhook('webhook.update', admin.webhook_id(webhook));
	UPDATE hub.webhook w SET active = set_webhook_active.active, off_why = '', failures = 0,
		next_at = '-infinity', updated_at = now() WHERE w.id = webhook;
	NOTIFY mirrorhub_job;
	RETURN CASE WHEN active THEN 'on' ELSE 'off' END;
END $$;

CREATE OR REPLACE FUNCTION admin.ping_webhook(webhook bigint) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM admin.record_webhook('webhook.ping', admin.webhook_id(webhook));
	RETURN 'delivery ' || hub.webhook_ping(webhook) || ' waits';
END $$;

CREATE OR REPLACE FUNCTION admin.redeliver(delivery bigint) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	its_webhook bigint := (SELECT d.webhook_id FROM hub.delivery d WHERE d.id = delivery);
	made bigint := hub.webhook_redeliver(its_webhook, delivery);
BEGIN
	IF made IS NULL THEN
		RAISE EXCEPTION 'there is no delivery % that was ever sent', delivery;
	END IF;
	PERFORM admin.record_webhook('webhook.redeliver', its_webhook);
	RETURN 'delivery ' || made || ' waits';
END $$;

-- ---------------------------------------------------------------- looking after stores

-- Stores that something is or was wrong with, and those that were never audited for long.
CREATE OR REPLACE VIEW admin.stores AS
SELECT s.id, p.path, p.is_mirror AS mirror,
	CASE WHEN s.damaged THEN 'damaged' WHEN s.audited_at IS NULL THEN 'not audited yet' ELSE 'whole' END AS state,
	s.audit_result AS found, s.audited_at::timestamp(0) AS audited, s.verified_at::timestamp(0) AS verified,
	CASE WHEN isfinite(s.audit_at) THEN s.audit_at::timestamp(0) END AS next_audit,
	s.damaged_at::timestamp(0) AS damaged_since, s.may_repair, s.size_bytes,
	s.upkeep_at::timestamp(0) AS upkeep, s.upkeeps, s.upkeep_ms
FROM hub.store s LEFT JOIN LATERAL hub.store_project(s.id) p ON true
ORDER BY s.damaged DESC, s.id;

-- The next audit comes at once. A damaged mirror is fetched anew by itself; of a damaged project without
-- an upstream what can still be read is saved, which may lose branches: only this says that it may be.
CREATE OR REPLACE FUNCTION admin.repair(path text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	its_id bigint := admin.project_id(path, false);
	s hub.store;
BEGIN
	UPDATE hub.store q SET may_repair = true, audit_at = '-infinity'
	FROM hub.project p WHERE p.id = its_id AND q.id = p.store_id RETURNING q.* INTO s;
	UPDATE hub.audit_turn t SET not_before = '-infinity';
	PERFORM admin.record('store.repair', path);
	RETURN CASE WHEN s.damaged THEN 'queued: it will be audited and repaired'
		ELSE 'queued: it will be audited, and repaired if it is damaged' END;
END $$;

-- ---------------------------------------------------------------- targets

-- What was refused or is in the way, ref by ref.
CREATE OR REPLACE VIEW admin.target_refs AS
SELECT t.id AS target_id, p.path AS project, x.ref, x.trouble, x.there
FROM hub.target t
JOIN hub.project p ON p.id = t.project_id
CROSS JOIN LATERAL (
	SELECT r.shown AS ref, 'refused: ' || r.error AS trouble, encode(r.oid, 'hex') AS there
	FROM hub.target_ref r WHERE r.target_id = t.id AND r.error <> ''
	UNION ALL
	SELECT c ->> 'ref', 'conflict: ' || (c ->> 'why'), c ->> 'theirs'
	FROM jsonb_array_elements(t.conflicts) c) x
ORDER BY p.path, t.id, x.ref;

CREATE OR REPLACE FUNCTION admin.record_target(action text, target bigint) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
	INSERT INTO hub.event (action, object, detail)
	SELECT $1, coalesce((SELECT p.path FROM hub.target t JOIN hub.project p ON p.id = t.project_id
		WHERE t.id = $2), ''), 'target ' || $2 || ', psql as ' || session_user
$$;

CREATE OR REPLACE FUNCTION admin.target_id(target bigint) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM hub.target t WHERE t.id = target) THEN
		RAISE EXCEPTION 'there is no target %', target;
	END IF;
	RETURN target;
END $$;

-- Its secrets come from `mirrorhub target-secret` and `target-token`: only programs can seal them.
-- With a provider (gitlab, gitea, github) the address may be NULL: the project is made there.
CREATE OR REPLACE FUNCTION admin.add_target(path text, url text, provider text DEFAULT 'none',
	provider_url text DEFAULT NULL, provider_namespace text DEFAULT '',
	provider_options jsonb DEFAULT '{}', ref_include text DEFAULT '', ref_exclude text DEFAULT '',
	overwrites boolean DEFAULT false) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	made bigint;
BEGIN
	IF url ~ '^https?://[^/]*@' THEN
		RAISE EXCEPTION 'an address has no user and password in it: mirrorhub target-secret has them';
	ELSIF url !~ '^((https?|ssh)://|file:///|[^/:@]+@[^/:]+:)[^[:space:][:cntrl:]?#"<>\\]+$' THEN
		RAISE EXCEPTION 'the address of a target is https://host/path, ssh://host/path or user@host:path';
	END IF;
	INSERT INTO hub.target (project_id, url, provider, provider_url, provider_namespace,
		provider_options, ref_include, ref_exclude, overwrites)
	VALUES (admin.project_id(path, false), url, provider, provider_url, provider_namespace,
		provider_options, ref_include, ref_exclude, overwrites) RETURNING id INTO made;
	PERFORM admin.record_target('target.create', made);
	PERFORM hub.target_push(made, false);
	RETURN 'made target ' || made;
END $$;

-- What lies there stays there.
CREATE OR REPLACE FUNCTION admin.delete_target(target bigint) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM admin.record_target('target.delete', admin.target_id(target));
	DELETE FROM hub.target t WHERE t.id = target;
	RETURN 'deleted';
END $$;

CREATE OR REPLACE FUNCTION admin.set_target_active(target bigint, active boolean) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM admin.record_target('target.update', admin.target_id(target));
	UPDATE hub.target t SET active = set_target_active.active, updated_at = now() WHERE t.id = target;
	IF active THEN
		PERFORM hub.target_push(target, false);
	END IF;
	RETURN CASE WHEN active THEN 'pushed to now' ELSE 'paused' END;
END $$;

-- All targets of the project. overwrite: this once, what others put there under our names goes.
CREATE OR REPLACE FUNCTION admin.push_now(path text, overwrite boolean DEFAULT false) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	ids bigint[] := array(SELECT t.id FROM hub.target t
		WHERE t.project_id = admin.project_id(push_now.path, false) AND t.active ORDER BY t.id);
BEGIN
	IF ids = '{}' THEN
		RAISE EXCEPTION '% has no target that is not paused', path;
	END IF;
	PERFORM admin.record_target(CASE WHEN overwrite THEN 'target.overwrite' ELSE 'target.push' END, u)
	FROM unnest(ids) u;
	PERFORM hub.target_push(u, overwrite) FROM unnest(ids) u;
	RETURN cardinality(ids) || ' queued';
END $$;
