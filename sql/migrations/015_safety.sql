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
	WHERE m.project_id = CASE TG_OP WHEN 'DELETE' THEN OLD.project_id ELSE NEW.project_id END;
	RETURN NULL;
END $$;
CREATE TRIGGER pin_changed AFTER INSERT OR UPDATE OR DELETE ON mirror_pin
	FOR EACH ROW EXECUTE FUNCTION pin_changed();

-- ---------------------------------------------------------------- what waits for approval

ALTER TABLE mirror
	-- what upstream has, and we do not publish: nobody has decided yet
	ADD COLUMN held_fingerprint     bytea CHECK (length(held_fingerprint) = 32),
	ADD COLUMN held_at              timestamptz,
	ADD COLUMN held_findings        jsonb,   -- [{rule, ref, sentence}]
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
CREATE FUNCTION mirror_options(project bigint) RETURNS text LANGUAGE sql STABLE AS $$
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
		'pins', (SELECT jsonb_agg(jsonb_build_object('ref', i.ref, 'oid', i.oid) ORDER BY i.ref)
			FROM hub.mirror_pin i WHERE i.project_id = m.project_id)))::text
	FROM hub.mirror m WHERE m.project_id = project
$$;

-- What a probe makes of the refs it saw: 'unchanged' (published, or rejected), 'held' (still), or
-- 'changed': a whole sync finds out. published: the store's fingerprint.
CREATE FUNCTION guard_says(m mirror, published bytea, seen bytea) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT CASE
		WHEN m.options_version <> m.taken_version THEN 'changed'
		WHEN seen = m.held_fingerprint THEN 'held'
		WHEN m.held_fingerprint IS NOT NULL THEN 'changed'
		WHEN seen = m.rejected_fingerprint THEN 'unchanged'
		WHEN seen = coalesce(m.upstream_fingerprint, published) THEN 'unchanged'
		ELSE 'changed' END
$$;

-- Of a sync that went well, in job_finish's transaction, behind the lock of the mirror's row: what was
-- decided about the upstream's refs. facts: {verdict, upstream, version, findings}; verdict 'taken'
-- (published, or they were already), 'held', or 'rejected' (passed over). Says whether it is held.
CREATE FUNCTION guard_finish(project bigint, facts jsonb) RETURNS boolean LANGUAGE plpgsql
SECURITY DEFINER SET search_path = hub, pg_temp AS $$
DECLARE
	m mirror;
	verdict text := facts ->> 'verdict';
	seen bytea := decode(facts ->> 'upstream', 'hex');
	its_path text;
BEGIN
	SELECT q.* INTO m FROM mirror q WHERE q.project_id = project;
	IF NOT FOUND OR verdict IS NULL THEN
		RETURN false;
	END IF;
	SELECT p.path INTO its_path FROM project p WHERE p.id = project;
	IF verdict = 'held' THEN
		UPDATE mirror q SET held_fingerprint = seen,
			held_at = CASE WHEN q.held_fingerprint = seen THEN q.held_at ELSE now() END,
			held_findings = coalesce(nullif(facts -> 'findings', '[]'), q.held_findings),
			taken_version = (facts ->> 'version')::bigint
		WHERE q.project_id = project;
		IF m.held_fingerprint IS NULL THEN
			INSERT INTO event (action, object, detail) VALUES ('mirror.hold', its_path,
				left(facts #>> '{findings,0,sentence}', 500));
			PERFORM webhook_emit(project, 'sync_held', array[jsonb_build_object(
				'findings', facts -> 'findings', 'fingerprint', facts ->> 'upstream',
				'held_at', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))]);
		END IF;
		RETURN true;
	END IF;
	IF m.held_fingerprint IS NOT NULL THEN
		INSERT INTO event (action, object, detail) VALUES ('mirror.unhold', its_path,
			CASE WHEN verdict = 'rejected' THEN 'upstream is as it was when it was rejected'
			ELSE 'upstream is as it was, or nothing speaks against it any more' END);
	END IF;
	UPDATE mirror q SET held_fingerprint = NULL, held_at = NULL, held_findings = NULL,
		taken_version = (facts ->> 'version')::bigint,
		upstream_fingerprint = CASE verdict WHEN 'taken' THEN seen ELSE q.upstream_fingerprint END,
		approved_fingerprint = CASE verdict WHEN 'taken' THEN NULL ELSE q.approved_fingerprint END,
		rejected_fingerprint = CASE verdict WHEN 'taken' THEN NULL ELSE q.rejected_fingerprint END
	WHERE q.project_id = project AND (q.held_fingerprint IS NOT NULL
		OR q.taken_version <> (facts ->> 'version')::bigint
		OR (verdict = 'taken' AND (q.upstream_fingerprint IS DISTINCT FROM seen
			OR q.approved_fingerprint IS NOT NULL OR q.rejected_fingerprint IS NOT NULL)));
	RETURN false;
END $$;

-- What waits may be published (the next sync does it, and is asked for), or is passed over until
-- upstream has something else. fingerprint: of what was looked at, '' for whatever is held. 'none':
-- nothing is held; 'other': something else is.
CREATE FUNCTION guard_decide(project bigint, approve boolean, fingerprint text, actor text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = hub, pg_temp AS $$
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
		approved_fingerprint = CASE WHEN approve THEN held END,
		rejected_fingerprint = CASE WHEN NOT approve THEN held ELSE m.rejected_fingerprint END,
		decided_at = now(), decided_by = actor
	WHERE m.project_id = project;
	IF approve THEN
		PERFORM request_sync(project);
		UPDATE job j SET is_probed = false WHERE j.project_id = project AND j.kind = 'sync';
	END IF;
	RETURN 'ok';
END $$;
