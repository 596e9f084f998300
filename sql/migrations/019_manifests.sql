-- Lists of repositories that a host publishes, in grokmirror's format: ours, and those of upstreams.

SET LOCAL search_path = hub;

-- ---------------------------------------------------------------- ours

-- Of the refs that are shown: SHA-1 of what `git show-ref` prints; and the generation it is of. NULL:
-- not known yet, or there are no refs.
ALTER TABLE store
	ADD COLUMN listed_fingerprint bytea CHECK (length(listed_fingerprint) = 20),
	ADD COLUMN listed_generation bigint NOT NULL DEFAULT -1;

-- Rises with whatever the list shows, a moment before others can see it.
CREATE SEQUENCE listing_seq;
CREATE FUNCTION listing_changed() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = hub, pg_temp AS $$
BEGIN
	PERFORM nextval('listing_seq');
	RETURN NULL;
END $$;
CREATE TRIGGER listing_store AFTER UPDATE OF generation, head ON store
	FOR EACH STATEMENT EXECUTE FUNCTION listing_changed();
CREATE TRIGGER listing_project AFTER INSERT OR DELETE
	OR UPDATE OF path, default_access, description, store_id, owner_account_id, owner_team_id ON project
	FOR EACH STATEMENT EXECUTE FUNCTION listing_changed();
CREATE TRIGGER listing_account AFTER UPDATE OF uname ON account
	FOR EACH STATEMENT EXECUTE FUNCTION listing_changed();
CREATE TRIGGER listing_team AFTER UPDATE OF uname ON team
	FOR EACH STATEMENT EXECUTE FUNCTION listing_changed();

-- ---------------------------------------------------------------- others'

CREATE TABLE manifest (
	id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	url           text NOT NULL UNIQUE CHECK (octet_length(url) BETWEEN 1 AND 2000),
	-- what stands before the paths of the list in the addresses of our mirrors
	prefix        text NOT NULL CHECK (octet_length(prefix) BETWEEN 1 AND 2000 AND prefix NOT LIKE '%/'),
	interval_s    integer NOT NULL DEFAULT 300 CHECK (interval_s >= 10),
	-- of the last list that was believed
	etag          text NOT NULL DEFAULT '' CHECK (octet_length(etag) <= 500),
	last_modified text NOT NULL DEFAULT '' CHECK (octet_length(last_modified) <= 100),
	entries       bigint NOT NULL DEFAULT 0,
	bytes         bigint NOT NULL DEFAULT 0,
	changed_at    timestamptz,     -- it was another one
	checked_at    timestamptz,     -- it was there, the same or another
	-- how it goes
	next_at       timestamptz NOT NULL DEFAULT '-infinity',   -- also the lease of who reads it
	fence         bigint NOT NULL DEFAULT 0,
	failures      integer NOT NULL DEFAULT 0,   -- in a row
	error_class   text NOT NULL DEFAULT '',
	error_text    text NOT NULL DEFAULT '',     -- one plain sentence
	is_believed   boolean NOT NULL DEFAULT false,   -- the next list is, however short
	created_at    timestamptz NOT NULL DEFAULT now()
);

-- A list on its way, until it is whole.
CREATE UNLOGGED TABLE manifest_entry (
	manifest_id bigint NOT NULL REFERENCES manifest ON DELETE CASCADE,
	place       text COLLATE "C" NOT NULL,
	fingerprint bytea NOT NULL
);
CREATE INDEX manifest_entry_place ON manifest_entry (manifest_id, place);

-- Addresses that name the same repository.
CREATE FUNCTION manifest_place(url text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT regexp_replace(url, '(\.git)?/*$', '')
$$;

ALTER TABLE mirror
	ADD COLUMN listed_by          bigint REFERENCES manifest ON DELETE SET NULL,
	ADD COLUMN listed_fingerprint bytea CHECK (length(listed_fingerprint) = 20),   -- what it says of it
	ADD COLUMN listed_at          timestamptz,   -- since when it says so
	ADD COLUMN taken_fingerprint  bytea CHECK (length(taken_fingerprint) = 20);    -- of what we have
CREATE INDEX mirror_listed ON mirror (listed_by) WHERE listed_by IS NOT NULL;
CREATE INDEX mirror_place ON mirror USING hash (manifest_place(url));

-- A list watches its upstream: it is asked only now and then, for safety.
ALTER TABLE job ADD COLUMN is_listed boolean NOT NULL DEFAULT false;

-- What a list says is what we have once a sync that began after it was said has gone well.
CREATE FUNCTION mirror_taken() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = hub, pg_temp AS $$
BEGIN
	IF EXISTS (SELECT FROM job j WHERE j.project_id = NEW.project_id AND j.kind = 'sync'
		AND j.started_at >= NEW.listed_at)
	THEN
		NEW.taken_fingerprint := NEW.listed_fingerprint;
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER mirror_taken BEFORE UPDATE OF last_success_at ON mirror FOR EACH ROW
	WHEN (NEW.listed_by IS NOT NULL AND NEW.last_success_at IS DISTINCT FROM OLD.last_success_at
		AND NEW.taken_fingerprint IS DISTINCT FROM NEW.listed_fingerprint)
	EXECUTE FUNCTION mirror_taken();

CREATE FUNCTION job_listed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.run_at := now() + 8 * (NEW.run_at - now());
	RETURN NEW;
END $$;
CREATE TRIGGER job_listed BEFORE UPDATE OF state ON job FOR EACH ROW
	WHEN (NEW.is_listed AND OLD.state = 'running' AND NEW.state = 'scheduled')
	EXECUTE FUNCTION job_listed();

-- The one that has been due longest, for lease_s. Its fence goes with all that is said about it.
CREATE FUNCTION manifest_claim(lease_s bigint)
RETURNS TABLE (id bigint, fence bigint, url text, etag text, last_modified text)
LANGUAGE sql SECURITY DEFINER SET search_path = hub, pg_temp AS $$
	UPDATE manifest f SET fence = f.fence + 1, next_at = now() + make_interval(secs => lease_s)
	WHERE f.id = (SELECT q.id FROM manifest q WHERE q.next_at <= now()
		ORDER BY q.next_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)
	RETURNING f.id, f.fence, f.url, f.etag, f.last_modified
$$;

-- Some of its entries, each a line "<40 hex digits> <path>". is_first: those of an earlier try go.
-- Extends the lease. false: it is another's by now.
CREATE FUNCTION manifest_put(manifest bigint, fence bigint, is_first boolean, lines text, lease_s bigint)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = hub, pg_temp AS $$
DECLARE
	its_prefix text;
BEGIN
	-- -infinity: somebody asked for another reading meanwhile
	UPDATE manifest f SET next_at = CASE WHEN isfinite(f.next_at)
		THEN now() + make_interval(secs => lease_s) ELSE f.next_at END
	WHERE f.id = manifest_put.manifest AND f.fence = manifest_put.fence RETURNING f.prefix INTO its_prefix;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	IF is_first THEN
		DELETE FROM manifest_entry e WHERE e.manifest_id = manifest_put.manifest;
	END IF;
	INSERT INTO manifest_entry
	SELECT manifest_put.manifest, manifest_place(its_prefix || substr(l, 42)), decode(left(l, 40), 'hex')
	FROM string_to_table(lines, E'\n') l WHERE l <> '';
	RETURN true;
END $$;

-- The list does not watch over these any more: they are asked themselves again, not all at once.
CREATE FUNCTION manifest_let_go(projects bigint[], schedule_s bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM FROM hub.mirror m WHERE m.project_id = ANY (projects) ORDER BY m.project_id FOR NO KEY UPDATE;
	UPDATE hub.mirror m SET listed_by = NULL WHERE m.project_id = ANY (projects);
	UPDATE hub.job j SET is_listed = false, run_at = CASE WHEN j.state = 'scheduled'
		THEN least(j.run_at, now() + make_interval(secs => random() * schedule_s)) ELSE j.run_at END
	WHERE j.project_id = ANY (projects) AND j.kind = 'sync';
END $$;

-- Compares the whole list with what we have. Mirrors that it says are as they are here (or as they were
-- when they were last synced after it said so) are left alone; the others are due now.
CREATE FUNCTION manifest_apply(manifest bigint, schedule_s bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	changed bigint[];
	gone bigint[];
BEGIN
	-- in the order of their numbers, as everybody locks mirrors
	changed := array(SELECT m.project_id FROM hub.manifest_entry e
		JOIN hub.mirror m ON hub.manifest_place(m.url) = e.place
		WHERE e.manifest_id = manifest
			AND (m.listed_by, m.listed_fingerprint) IS DISTINCT FROM (manifest, e.fingerprint)
		ORDER BY m.project_id);
	gone := array(SELECT m.project_id FROM hub.mirror m WHERE m.listed_by = manifest
		AND NOT EXISTS (SELECT FROM hub.manifest_entry e WHERE e.manifest_id = manifest
			AND e.place = hub.manifest_place(m.url)) ORDER BY m.project_id);
	PERFORM FROM hub.mirror m WHERE m.project_id = ANY (changed) ORDER BY m.project_id FOR NO KEY UPDATE;
	UPDATE hub.mirror m SET listed_by = manifest, listed_fingerprint = e.fingerprint, listed_at = now(),
		taken_fingerprint = CASE WHEN s.listed_fingerprint = e.fingerprint
			AND s.listed_generation = s.generation AND m.failures = 0 AND m.held_at IS NULL
			AND m.last_success_at IS NOT NULL THEN e.fingerprint ELSE m.taken_fingerprint END
	FROM hub.manifest_entry e, hub.project p, hub.store s
	WHERE m.project_id = ANY (changed) AND e.manifest_id = manifest
		AND e.place = hub.manifest_place(m.url) AND p.id = m.project_id AND s.id = p.store_id;
	-- one that was taken over once before is not asked first: the list says that it has changed
	UPDATE hub.job j SET is_listed = true, again = (j.state = 'running'),
		state = CASE WHEN j.state = 'running' THEN j.state ELSE 'queued' END,
		is_probed = j.is_probed AND m.taken_fingerprint IS NULL,
		run_at = CASE WHEN j.state = 'running' THEN j.run_at ELSE least(j.run_at, now()) END,
		queued_at = CASE WHEN j.state IN ('running', 'queued') THEN j.queued_at ELSE now() END
	FROM hub.mirror m
	WHERE j.kind = 'sync' AND j.project_id = m.project_id AND m.project_id = ANY (changed)
		AND m.taken_fingerprint IS DISTINCT FROM m.listed_fingerprint;
	UPDATE hub.job j SET is_listed = true, due_at = NULL,
		run_at = CASE WHEN j.state = 'scheduled' AND j.run_at > now()
		THEN now() + 8 * (j.run_at - now()) ELSE j.run_at END
	FROM hub.mirror m
	WHERE j.kind = 'sync' AND j.project_id = m.project_id AND m.listed_by = manifest
		AND m.taken_fingerprint = m.listed_fingerprint AND NOT j.is_listed;
	IF cardinality(gone) > 0 THEN
		PERFORM hub.manifest_let_go(gone, schedule_s);
	END IF;
END $$;

-- How the reading went. status 200: a list, all of which was put; 304: the same as before; else
-- error_class and error_text. A list that has lost more than a twentieth is not believed. After three
-- intervals without an answer the mirrors are asked themselves again. false: it is another's by now.
CREATE FUNCTION manifest_done(manifest bigint, fence bigint, status bigint, etag text, last_modified text,
	bytes bigint, error_class text, error_text text, schedule_s bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = hub, pg_temp AS $$
#variable_conflict use_column
DECLARE
	f manifest;
	n bigint;
	why text := manifest_done.error_text;
	class text := manifest_done.error_class;
BEGIN
	SELECT q.* INTO f FROM manifest q WHERE q.id = manifest_done.manifest
		AND q.fence = manifest_done.fence FOR NO KEY UPDATE;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	IF class = '' AND status = 200 THEN
		SELECT count(*) INTO n FROM manifest_entry e WHERE e.manifest_id = f.id;
		IF n < f.entries * 0.95 AND NOT f.is_believed THEN
			class := 'policy';
			why := format('the list has only %s of %s repositories, which is not believed', n, f.entries);
		ELSE
			ANALYZE manifest_entry;
			PERFORM manifest_apply(f.id, schedule_s);
			UPDATE manifest q SET etag = manifest_done.etag, last_modified = manifest_done.last_modified,
				entries = n, bytes = manifest_done.bytes, changed_at = now(), is_believed = false
			WHERE q.id = f.id;
		END IF;
	END IF;
	DELETE FROM manifest_entry e WHERE e.manifest_id = f.id;
	IF class = '' THEN
		UPDATE manifest q SET checked_at = now(), failures = 0, error_class = '', error_text = '',
			next_at = CASE WHEN isfinite(q.next_at)
				THEN now() + make_interval(secs => q.interval_s) ELSE q.next_at END
		WHERE q.id = f.id;
		RETURN true;
	END IF;
	UPDATE manifest q SET failures = q.failures + 1, error_class = class, error_text = why,
		next_at = now() + make_interval(secs => least(q.interval_s * 2.0 ^ least(q.failures, 10), 3600))
	WHERE q.id = f.id;
	IF coalesce(f.checked_at, '-infinity') < now() - make_interval(secs => 3 * f.interval_s) THEN
		PERFORM manifest_let_go(array(SELECT m.project_id FROM mirror m WHERE m.listed_by = f.id
			ORDER BY m.project_id), schedule_s);
	END IF;
	RETURN true;
END $$;

-- ---------------------------------------------------------------- with it, how a mirror is

-- As before; what a list says is what we have was checked when the list was.
CREATE OR REPLACE VIEW mirror_now AS
SELECT m.project_id, j.state AS job_state, j.run_at, hub.job_was_due(j) AS due_at, m.paused,
	m.held_at, m.failures, CASE WHEN m.taken_fingerprint = m.listed_fingerprint
		THEN greatest(m.last_success_at, f.checked_at) ELSE m.last_success_at END AS checked_at,
	p.created_at AS made_at, m.interval_s, m.stale_since, m.error_class, m.error_text
FROM hub.mirror m
JOIN hub.project p ON p.id = m.project_id
LEFT JOIN hub.manifest f ON f.id = m.listed_by
LEFT JOIN hub.job j ON j.project_id = m.project_id AND j.kind = 'sync';
