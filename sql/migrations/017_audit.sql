-- When stores were last looked at as a whole, what was found, and whose turn it is.

SET LOCAL search_path = hub;

ALTER TABLE store
	ADD COLUMN audited_at   timestamptz,                -- when all of it was last read and hashed; NULL: never
	ADD COLUMN audit_result text NOT NULL DEFAULT '',   -- what was wrong then, in a sentence; '' nothing
	-- when it is looked at next: at first anywhere in a month, so that they never come all at once
	ADD COLUMN audit_at     timestamptz NOT NULL DEFAULT now() + random() * interval '30 days',
	ADD COLUMN damaged_at   timestamptz,                -- since when it is known to be damaged
	ADD COLUMN may_repair   boolean NOT NULL DEFAULT false,   -- an administrator has said so (admin.repair)
	ADD COLUMN verified_at  timestamptz,                -- when its refs on disk were last held against the upstream's
	ADD COLUMN upkeep_at    timestamptz,                -- the last upkeep, how many there were, what they took
	ADD COLUMN upkeeps      bigint NOT NULL DEFAULT 0,
	ADD COLUMN upkeep_ms    bigint NOT NULL DEFAULT 0;
CREATE INDEX store_audit ON store (audit_at);
CREATE INDEX store_damaged ON store (id) WHERE damaged;

-- One row: one store is audited at a time in the whole hub, and after each there is a rest that
-- keeps to the bytes an hour.
CREATE TABLE audit_turn (
	store_id    bigint,                                       -- the one that is being audited
	lease_until timestamptz NOT NULL DEFAULT '-infinity',
	not_before  timestamptz NOT NULL DEFAULT '-infinity',
	bytes       bigint NOT NULL DEFAULT 0,                    -- that audits have read so far
	audits      bigint NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX audit_turn_one ON audit_turn ((true));
INSERT INTO audit_turn DEFAULT VALUES;

-- The project whose store it is; of several the one that the others are aliases of.
CREATE FUNCTION store_project(its_store bigint) RETURNS project LANGUAGE sql STABLE AS $$
	SELECT p FROM hub.project p WHERE p.store_id = its_store
	ORDER BY p.alias_of NULLS FIRST, p.id LIMIT 1
$$;

-- Asks for a sync by a worker, which looks into the store itself. due: now, else when its time comes.
CREATE FUNCTION request_whole_sync(its_store bigint, due boolean) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = hub, pg_temp AS $$
DECLARE
	mirror_id bigint := (SELECT m.project_id FROM project p JOIN mirror m ON m.project_id = p.id
		WHERE p.store_id = its_store AND NOT m.paused ORDER BY p.id LIMIT 1);
BEGIN
	IF mirror_id IS NULL THEN
		RETURN false;
	END IF;
	IF due THEN
		PERFORM request_sync(mirror_id);
	END IF;
	UPDATE job j SET is_probed = false WHERE j.project_id = mirror_id AND j.kind = 'sync' AND j.is_probed;
	RETURN true;
END $$;

-- The store whose turn it is, with a lease; none while another one is being audited, or the bytes of
-- this hour are used up. One that kills its auditor comes again in a day, and holds up nobody.
CREATE FUNCTION audit_claim(days bigint, lease_s bigint)
RETURNS TABLE (store_id bigint, path text, is_mirror boolean, options text, may_repair boolean,
	fingerprint text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = hub, pg_temp AS $$
#variable_conflict use_column
DECLARE
	turn audit_turn;
	s store;
	p project;
BEGIN
	SELECT t.* INTO turn FROM audit_turn t FOR UPDATE SKIP LOCKED;
	IF NOT FOUND OR turn.lease_until > now() OR turn.not_before > now() THEN
		RETURN;
	END IF;
	-- the setting has become less
	UPDATE store q SET audit_at = now() + random() * make_interval(days => days::integer)
	WHERE q.id IN (SELECT x.id FROM store x WHERE x.audit_at > now() + make_interval(days => days::integer)
		ORDER BY x.audit_at DESC LIMIT 1000 FOR UPDATE SKIP LOCKED);
	FOR s IN SELECT q.* FROM store q WHERE q.audit_at <= now() ORDER BY q.audit_at, q.id LIMIT 100
		FOR NO KEY UPDATE SKIP LOCKED
	LOOP
		p := store_project(s.id);
		IF p.id IS NULL OR (p.is_mirror AND s.generation = 0) THEN   -- there is nothing yet, or any more
			UPDATE store q SET audit_at = now() + make_interval(days => days::integer) WHERE q.id = s.id;
			CONTINUE;
		END IF;
		UPDATE store q SET audit_at = now() + interval '1 day' WHERE q.id = s.id;
		UPDATE audit_turn t SET store_id = s.id, lease_until = now() + make_interval(secs => lease_s);
		RETURN QUERY SELECT s.id, p.path::text, p.is_mirror,
			coalesce(mirror_options(p.id), ''), s.may_repair,
			coalesce(encode(s.fingerprint, 'hex'), '');
		RETURN;
	END LOOP;
END $$;

-- What came of an audit: 'whole', 'rebuilt' (files that are made of others), 'damaged', 'missing' (no
-- folder), or 'failed' (it could not be done: nothing is said about the store). fingerprint: of the
-- refs on disk, '' unknown. A damaged mirror is fetched anew; so is one whose refs are not those
-- that the hub knows. Gives what has changed: 'damaged', 'whole' or ''.
CREATE FUNCTION audit_finish(its_store bigint, verdict text, sentence text, fingerprint text, bytes bigint,
	days bigint, bytes_per_hour bigint) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = hub, pg_temp AS $$
DECLARE
	s store;
	p project := store_project(its_store);
	is_bad boolean := verdict IN ('damaged', 'missing');
	news text := '';
BEGIN
	-- job before store, as job_finish has them
	PERFORM FROM job j WHERE j.kind = 'sync' AND j.project_id IN (SELECT q.id FROM project q
		WHERE q.store_id = its_store) ORDER BY j.project_id FOR NO KEY UPDATE;
	SELECT q.* INTO s FROM store q WHERE q.id = its_store FOR NO KEY UPDATE;
	UPDATE audit_turn t SET store_id = NULL, lease_until = '-infinity', audits = t.audits + 1,
		bytes = t.bytes + audit_finish.bytes,
		not_before = CASE WHEN bytes_per_hour = 0 THEN '-infinity'::timestamptz
			ELSE now() + make_interval(secs => audit_finish.bytes * 3600.0 / bytes_per_hour) END
	WHERE t.store_id = its_store;
	IF s.id IS NULL OR p.id IS NULL OR verdict = 'failed' THEN
		RETURN '';
	END IF;
	IF is_bad <> s.damaged THEN
		news := CASE WHEN is_bad THEN 'damaged' ELSE 'whole' END;
	ELSIF verdict = 'rebuilt' THEN
		news := 'rebuilt';
	END IF;
	UPDATE store q SET audited_at = now(), audit_result = sentence, damaged = is_bad,
		may_repair = false,
		damaged_at = CASE WHEN is_bad THEN coalesce(q.damaged_at, now()) END,
		-- a little less than the days, each at another hour
		audit_at = now() + make_interval(days => days::integer) * (0.9 + 0.1 * random())
	WHERE q.id = its_store;
	IF news <> '' THEN
		INSERT INTO event (action, object, detail) VALUES ('store.' || news, p.path,
			'store ' || its_store || CASE WHEN sentence <> '' THEN ': ' || sentence ELSE '' END);
	END IF;
	IF p.is_mirror THEN
		PERFORM request_whole_sync(its_store, is_bad OR (fingerprint <> ''
			AND fingerprint <> coalesce(encode(s.fingerprint, 'hex'), '')));
	END IF;
	RETURN news;
END $$;

-- A worker has held the store against the upstream; a damaged one that went well is looked at anew. A
-- probe does not look into the store, and proves nothing about it.
CREATE OR REPLACE FUNCTION store_verified(project_id bigint) RETURNS void LANGUAGE sql
SECURITY DEFINER SET search_path = hub, pg_temp AS $$
	UPDATE store s SET verified_at = now(), audit_at = CASE WHEN s.damaged THEN now() ELSE s.audit_at END
	FROM project p WHERE p.id = $1 AND s.id = p.store_id
$$;

-- Of the stores with ids from..upto, which a sweep has looked for: those that are published and are
-- not among what it found. Mirrors are fetched anew, at most 1000 at a time.
CREATE FUNCTION stores_missing(from_id bigint, upto_id bigint, there jsonb)
RETURNS TABLE (store_id bigint, path text, is_mirror boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = hub, pg_temp AS $$
#variable_conflict use_column
DECLARE
	r record;
BEGIN
	FOR r IN SELECT s.id, p.path, p.is_mirror FROM store s CROSS JOIN LATERAL store_project(s.id) p
		WHERE s.id BETWEEN from_id AND upto_id AND p.id IS NOT NULL
			AND (s.generation > 0 OR NOT p.is_mirror)
			AND NOT EXISTS (SELECT FROM jsonb_array_elements_text(there) f (id) WHERE f.id::bigint = s.id)
		ORDER BY s.id LIMIT 1000
	LOOP
		IF r.is_mirror THEN
			PERFORM request_whole_sync(r.id, true);
		END IF;
		RETURN QUERY SELECT r.id, r.path::text, r.is_mirror;
	END LOOP;
END $$;
