-- What a mirror takes over, and what waits for approval.

SET LOCAL search_path = hub;

-- ---------------------------------------------------------------- what is taken over

-- NULL everywhere: as the hub's settings have it.
ALTER TABLE mirror
	-- exact: as upstream is; additive: no ref is ever deleted or forced; archival: as exact, and what
	-- is replaced is kept for ever
	ADD COLUMN mode             text CHECK (mode IN ('exact', 'additive', 'archival')),
	-- one pattern per line (lib/git/filter.h); ref_include NULL: branches and tags, '': nothing
	ADD COLUMN ref_include      text CHECK (octet_length(ref_include) <= 20000),
	ADD COLUMN ref_exclude      text CHECK (octet_length(ref_exclude) <= 20000),
	ADD COLUMN prunes           boolean,   -- what upstream deletes goes here too
	ADD COLUMN allow_rewrite    boolean,   -- nothing is held for approval
	-- of each ref that is forced, moved or deleted, so many old tips stay for so long
	ADD COLUMN kept_count       integer CHECK (kept_count BETWEEN 0 AND 10000),
	ADD COLUMN kept_days        integer CHECK (kept_days BETWEEN 0 AND 36500),
	-- limits, which only lower those of the hub
	ADD COLUMN most_bytes       bigint CHECK (most_bytes > 0),
	ADD COLUMN most_objects     bigint CHECK (most_objects > 0),
	ADD COLUMN most_refs        bigint CHECK (most_refs > 0),
	ADD COLUMN most_blob_bytes  bigint CHECK (most_blob_bytes > 0),
	-- options_version rises with each change of what would be published of the same upstream;
	-- taken_version is the one that was published last
	ADD COLUMN options_version  bigint NOT NULL DEFAULT 0,
	ADD COLUMN taken_version    bigint NOT NULL DEFAULT 0,
	-- of the upstream's selected refs, as they were taken over last. NULL: the same as the store's,
	-- which is of what is published: that differs by what is not pruned, not forced, or pinned
	ADD COLUMN upstream_fingerprint bytea CHECK (length(upstream_fingerprint) = 32);

-- Refs that somebody took back from among the kept ones: published as long as the upstream has none of
-- that name.
CREATE TABLE mirror_pin (
	project_id bigint NOT NULL REFERENCES mirror (project_id) ON DELETE CASCADE,
	ref        text COLLATE "C" NOT NULL CHECK (octet_length(ref) BETWEEN 6 AND 1000
	           AND ref LIKE 'refs/%' AND ref NOT LIKE 'refs/mirrorhub/%'),
	oid        text COLLATE "C" NOT NULL CHECK (oid ~ '^[0-9a-f]{40}$'),
	is_let_go  boolean NOT NULL DEFAULT false,   -- not any more; the row goes with the next publication
	actor      text NOT NULL DEFAULT '',
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (project_id, ref)
);

-- A new version, and so a whole sync, whoever changes it: psql too.
CREATE FUNCTION options_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF (NEW.mode, NEW.ref_include, NEW.ref_exclude, NEW.prunes, NEW.allow_rewrite)
		IS DISTINCT FROM (OLD.mode, OLD.ref_include, OLD.ref_exclude, OLD.prunes, OLD.allow_rewrite)
	THEN
		NEW.options_version := OLD.options_version + 1;
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER options_changed BEFORE UPDATE OF mode, ref_include, ref_exclude, prunes, allow_rewrite
	ON mirror FOR EACH ROW EXECUTE FUNCTION options_changed();

CREATE FUNCTION options_sync() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = hub, pg_temp AS $$
BEGIN
	PERFORM request_sync(NEW.project_id);
	UPDATE job j SET is_probed = false WHERE j.project_id = NEW.project_id AND j.kind = 'sync';
	RETURN NULL;
END $$;
CREATE TRIGGER options_sync AFTER UPDATE ON mirror FOR EACH ROW
	WHEN (OLD.options_version <> NEW.options_version) EXECUTE FUNCTION options_sync();

CREATE FUNCTION pin_changed() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = hub, pg_temp AS $$
BEGIN
	UPDATE mirror m SET options_version = m.options_version + 1
	WHERE m.project_id = NEW.project_id;
	RETURN NULL;
END $$;
CREATE TRIGGER pin_changed AFTER INSERT OR UPDATE ON mirror_pin
	FOR EACH ROW EXECUTE FUNCTION pin_changed();

-- ---------------------------------------------------------------- what waits for approval

ALTER TABLE mirror
	-- what upstream has, and we do not publish: nobody has decided yet
	ADD COLUMN held_fingerprint     bytea CHECK (length(held_fingerprint) = 32),
	ADD COLUMN held_at              timestamptz,
	ADD COLUMN held_findings        jsonb,   -- [{rule, ref, sentence}]
	-- the same of what was published last: forced, moved, not followed
	ADD COLUMN notices              jsonb,
	-- this one may be published, whatever the rules say of it; that one is not looked at any more
	ADD COLUMN approved_fingerprint bytea CHECK (length(approved_fingerprint) = 32),
	ADD COLUMN rejected_fingerprint bytea CHECK (length(rejected_fingerprint) = 32),
	ADD COLUMN decided_at           timestamptz,
	ADD COLUMN decided_by           text NOT NULL DEFAULT '',
	ADD CONSTRAINT mirror_held CHECK ((held_fingerprint IS NULL) = (held_at IS NULL));
CREATE INDEX mirror_held ON mirror (held_at) WHERE held_fingerprint IS NOT NULL;

ALTER TABLE run
	DROP CONSTRAINT run_outcome_check,
	ADD CONSTRAINT run_outcome_check CHECK (outcome IN ('changed', 'unchanged', 'failed', 'held'));
ALTER TABLE delivery
	DROP CONSTRAINT delivery_event_check,
	ADD CONSTRAINT delivery_event_check CHECK (event IN ('ping', 'push', 'sync', 'sync_failed',
		'sync_recovered', 'sync_held'));

-- What a worker has to know, as JSON: texts of the options, fingerprints in hexadecimal. What is not
-- there is as the hub's settings have it.
DROP FUNCTION IF EXISTS mirror_options(bigint);
CREATE FUNCTION mirror_options(project_id bigint) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT jsonb_strip_nulls(jsonb_build_object(
		'mode', m.mode, 'ref_include', m.ref_include, 'ref_exclude', m.ref_exclude,
		'prunes', m.prunes, 'allow_rewrite', m.allow_rewrite,
		'kept_count', m.kept_count, 'kept_days', m.kept_days,
		'most_bytes', m.most_bytes, 'most_objects', m.most_objects, 'most_refs', m.most_refs,
		'most_blob_bytes', m.most_blob_bytes,
		'version', m.options_version, 'taken_version', m.taken_version,
		'upstream', encode(m.upstream_fingerprint, 'hex'),
		'held', encode(m.held_fingerprint, 'hex'),
		'approved', encode(m.approved_fingerprint, 'hex'),
		'rejected', encode(m.rejected_fingerprint, 'hex'),
		'pins', (SELECT jsonb_agg(jsonb_build_object('ref', i.ref, 'oid', i.oid,
			'is_let_go', i.is_let_go) ORDER BY i.ref)
			FROM (SELECT * FROM hub.mirror_pin q WHERE q.project_id = m.project_id
				ORDER BY q.ref LIMIT 1000) i)))::text
	FROM hub.mirror m WHERE m.project_id = $1
$$;

-- What is to be done with refs that a probe saw and that are not the published ones: 'changed' (a whole
-- sync finds out), 'held' (they still wait for approval), 'rejected' (they are passed over), or
-- 'unchanged' (they were taken over, and something else was published: nothing was pruned or forced).
DROP FUNCTION IF EXISTS guard_sees(bigint, bytea);
CREATE FUNCTION guard_sees(project_id bigint, seen bytea) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT CASE
		WHEN m.options_version <> m.taken_version THEN 'changed'
		WHEN seen = m.held_fingerprint THEN 'held'
		WHEN seen = m.upstream_fingerprint THEN 'unchanged'
		WHEN m.held_fingerprint IS NULL AND seen = m.rejected_fingerprint THEN 'rejected'
		ELSE 'changed' END
	FROM hub.mirror m WHERE m.project_id = $1
$$;

-- The upstreams of these have what was taken over: nothing waits for approval any more, and what was
-- decided is forgotten.
DROP FUNCTION IF EXISTS guard_clear(bigint[]);
CREATE FUNCTION guard_clear(projects bigint[]) RETURNS void LANGUAGE sql
SECURITY DEFINER SET search_path = hub, pg_temp AS $$
	WITH cleared AS (
		UPDATE mirror m SET held_fingerprint = NULL, held_at = NULL, held_findings = NULL,
			approved_fingerprint = NULL, rejected_fingerprint = NULL
		FROM (SELECT q.project_id, q.held_at FROM mirror q WHERE q.project_id = ANY (projects)
			AND num_nonnulls(q.held_fingerprint, q.approved_fingerprint, q.rejected_fingerprint) > 0
			ORDER BY q.project_id FOR NO KEY UPDATE) before
		WHERE m.project_id = before.project_id
		RETURNING m.project_id, before.held_at
	)
	INSERT INTO event (action, object, detail)
	SELECT 'mirror.unhold', p.path, 'nothing speaks against its upstream any more'
	FROM cleared d JOIN project p ON p.id = d.project_id WHERE d.held_at IS NOT NULL
$$;

-- Of a sync that went well, in job_finish's transaction, behind the lock of the mirror's row. result as
-- job_finish got it. A worker's has facts: {verdict, upstream, version, findings, notices}; verdict
-- 'taken' (the upstream's refs are published, or were already), 'held' (with findings, if they are
-- new), or 'rejected' (passed over); and moved_to, '' for nowhere, where the upstream could say so.
-- A probe's has none; what it saw was taken over already, unless
-- it is still held.
DROP FUNCTION IF EXISTS guard_finish(bigint, jsonb);
CREATE FUNCTION guard_finish(project_id bigint, result jsonb) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = hub, pg_temp AS $$
#variable_conflict use_column
DECLARE
	project bigint := guard_finish.project_id;
	facts jsonb := (result ->> 'facts')::jsonb;
	verdict text := facts ->> 'verdict';
	seen bytea := decode(coalesce(facts ->> 'upstream', result ->> 'seen'), 'hex');
	found record;
BEGIN
	SELECT m.held_fingerprint, m.held_at, m.rejected_fingerprint, p.path INTO found
	FROM mirror m JOIN project p ON p.id = m.project_id WHERE m.project_id = project;
	IF facts ? 'moved_to' THEN
		UPDATE mirror m SET moved_to = moved_address(facts ->> 'moved_to', m.url)
		WHERE m.project_id = project
			AND m.moved_to IS DISTINCT FROM moved_address(facts ->> 'moved_to', m.url);
	END IF;
	IF verdict IS NULL THEN
		IF seen IS NOT NULL AND NOT coalesce((result ->> 'is_held')::boolean, false)
			AND seen IS DISTINCT FROM found.rejected_fingerprint THEN
			PERFORM guard_clear(array[project]);
		END IF;
	ELSIF verdict = 'held' THEN
		UPDATE mirror m SET held_fingerprint = seen, taken_version = (facts ->> 'version')::bigint,
			held_at = CASE WHEN m.held_fingerprint = seen THEN m.held_at ELSE now() END,
			held_findings = coalesce(facts -> 'findings', m.held_findings)
		WHERE m.project_id = project;
		IF found.held_at IS NULL THEN
			INSERT INTO event (action, object, detail) VALUES ('mirror.hold', found.path,
				coalesce(left(facts #>> '{findings,0,sentence}', 500), ''));
			PERFORM webhook_emit(project, 'sync_held', array[jsonb_build_object(
				'findings', coalesce(facts -> 'findings', '[]'), 'fingerprint', facts -> 'upstream',
				'held_at', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))]);
		END IF;
	ELSIF verdict = 'taken' THEN
		PERFORM guard_clear(array[project]);
		DELETE FROM mirror_pin i USING mirror m WHERE i.project_id = project AND i.is_let_go
			AND m.project_id = project AND m.options_version = (facts ->> 'version')::bigint;
		UPDATE mirror m SET upstream_fingerprint = seen, taken_version = (facts ->> 'version')::bigint,
			notices = CASE WHEN (result ->> 'is_changed')::boolean THEN facts -> 'notices'
				ELSE m.notices END
		WHERE m.project_id = project AND (m.upstream_fingerprint IS DISTINCT FROM seen
			OR m.taken_version <> (facts ->> 'version')::bigint OR (result ->> 'is_changed')::boolean);
	ELSIF found.held_at IS NOT NULL THEN
		UPDATE mirror m SET held_fingerprint = NULL, held_at = NULL, held_findings = NULL
		WHERE m.project_id = project;
		INSERT INTO event (action, object, detail) VALUES ('mirror.unhold', found.path,
			'its upstream is again as it was when it was rejected');
	END IF;
END $$;

-- What waits may be published (the next sync does it, and is asked for), or is passed over until
-- upstream has something else. fingerprint: of what was looked at, '' for whatever is held. 'none':
-- nothing is held; 'other': something else is.
CREATE FUNCTION guard_decide(project bigint, is_approved boolean, fingerprint text, actor text)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = hub, pg_temp AS $$
DECLARE
	held bytea;
BEGIN
	SELECT m.held_fingerprint INTO held FROM mirror m WHERE m.project_id = project FOR NO KEY UPDATE;
	IF held IS NULL THEN
		RETURN 'none';
	ELSIF fingerprint <> '' AND lower(fingerprint) <> encode(held, 'hex') THEN
		RETURN 'other';
	END IF;
	UPDATE mirror m SET held_fingerprint = NULL, held_at = NULL, held_findings = NULL,
		approved_fingerprint = CASE WHEN is_approved THEN held END,
		rejected_fingerprint = CASE WHEN NOT is_approved THEN held ELSE m.rejected_fingerprint END,
		decided_at = now(), decided_by = actor
	WHERE m.project_id = project;
	IF is_approved THEN
		PERFORM request_sync(project);
		UPDATE job j SET is_probed = false WHERE j.project_id = project AND j.kind = 'sync';
	END IF;
	RETURN 'ok';
END $$;

-- ---------------------------------------------------------------- upstreams that have gone elsewhere

-- Where the upstream says it is from now on (301, 308). A proposal: nothing follows until a person
-- takes it over.
ALTER TABLE mirror ADD COLUMN moved_to text CHECK (octet_length(moved_to) BETWEEN 1 AND 2000);

CREATE FUNCTION mirror_has_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.moved_to := NULL;
	RETURN NEW;
END $$;
CREATE TRIGGER mirror_has_moved BEFORE UPDATE OF url ON mirror FOR EACH ROW
	WHEN (OLD.url <> NEW.url) EXECUTE FUNCTION mirror_has_moved();

-- NULL: nowhere that could be proposed. Not with a user in it, who would become a credential.
CREATE FUNCTION moved_address(told text, url text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT told WHERE told ~* '^https?://[^/@]+/' AND octet_length(told) <= 2000 AND told <> url
$$;

-- Most say nothing new, and cost one look. A job that is no probe's any more has another address by
-- now. Locks: project, mirror.
CREATE OR REPLACE FUNCTION probes_moved(results jsonb) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = hub, pg_temp AS $$
DECLARE
	others bigint[];
BEGIN
	SELECT array_agg(m.project_id) INTO others
	FROM jsonb_to_recordset(results) AS r (id bigint, fence bigint, error_class text, moved_to text)
	JOIN job j ON j.id = r.id AND j.fence = r.fence AND j.lease_until IS NOT NULL
	JOIN mirror m ON m.project_id = j.project_id
	WHERE r.error_class = '' AND j.is_probed
		AND m.moved_to IS DISTINCT FROM moved_address(r.moved_to, m.url);
	IF others IS NULL THEN
		RETURN;
	END IF;
	PERFORM FROM project p WHERE p.id = ANY (others) ORDER BY p.id FOR KEY SHARE;
	PERFORM FROM mirror m WHERE m.project_id = ANY (others) ORDER BY m.project_id FOR NO KEY UPDATE;
	UPDATE mirror m SET moved_to = moved_address(r.moved_to, m.url)
	FROM jsonb_to_recordset(results) AS r (id bigint, fence bigint, moved_to text)
	JOIN job j ON j.id = r.id AND j.fence = r.fence AND j.lease_until IS NOT NULL AND j.is_probed
	WHERE m.project_id = j.project_id AND m.project_id = ANY (others);
END $$;
