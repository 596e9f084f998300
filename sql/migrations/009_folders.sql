-- The RhodeCode door (contracts/rhodecode.md): repository groups are folders, user groups are teams
-- that can be switched off and that others may look after.

SET LOCAL search_path = hub;

-- ---------------------------------------------------------------- people and teams

-- RhodeCode's hg.create.repository: may make projects and folders at the top.
ALTER TABLE account ADD may_create_at_top boolean NOT NULL DEFAULT true;

ALTER TABLE team
	-- what it was granted, and its members' roles on what it owns, hold while it is active
	ADD active         boolean NOT NULL DEFAULT true,
	-- usergroup.*: what everyone may who has no grant of his own; at least 1: he sees it
	ADD default_access access NOT NULL DEFAULT 1;

-- RhodeCode's answer to a new membership is its number.
ALTER TABLE team_member ADD id bigint GENERATED ALWAYS AS IDENTITY;

-- Who may what on a team besides its owner and members (usergroup.none/read/write/admin).
CREATE TABLE team_grant (
	id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	team_id    bigint NOT NULL REFERENCES team ON DELETE CASCADE,
	account_id bigint REFERENCES account ON DELETE CASCADE,
	to_team_id bigint REFERENCES team ON DELETE CASCADE,
	access     access NOT NULL,   -- 0 for an account takes the default away
	CHECK (num_nonnulls(account_id, to_team_id) = 1)
);
CREATE UNIQUE INDEX team_grant_account ON team_grant (team_id, account_id) WHERE account_id IS NOT NULL;
CREATE UNIQUE INDEX team_grant_team ON team_grant (team_id, to_team_id) WHERE to_team_id IS NOT NULL;
CREATE INDEX team_grant_by_account ON team_grant (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX team_grant_by_team ON team_grant (to_team_id) WHERE to_team_id IS NOT NULL;

-- Its owner 4; its members their role; others what they were granted, where 3 is to look after it and
-- less is to see it: 2 is no writer's role, which would make projects in the team's name.
CREATE OR REPLACE FUNCTION team_access(asker bigint, asker_is_admin boolean, team_id bigint, owner_account_id bigint)
RETURNS smallint LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
	granted smallint;
BEGIN
	IF asker_is_admin OR asker = owner_account_id THEN
		RETURN 4;
	END IF;
	granted := greatest(
		coalesce((SELECT g.access FROM hub.team_grant g WHERE g.team_id = $3 AND g.account_id = $1),
			(SELECT CASE WHEN $1 = 0 THEN least(t.default_access::smallint, 1)
				ELSE t.default_access::smallint END FROM hub.team t WHERE t.id = $3)),
		(SELECT max(g.access) FROM hub.team_member m
			JOIN hub.team t ON t.id = m.team_id AND t.active
			JOIN hub.team_grant g ON g.to_team_id = m.team_id AND g.team_id = $3
			WHERE m.account_id = $1));
	RETURN greatest(CASE granted WHEN 2 THEN 1 ELSE granted END,
		(SELECT m.role FROM hub.team_member m WHERE m.team_id = $3 AND m.account_id = $1));
END $$;

-- ---------------------------------------------------------------- folders

CREATE TABLE folder (
	id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	path             text COLLATE "C" NOT NULL CHECK (octet_length(path) BETWEEN 1 AND 1000
	                 AND path !~ '^[0-9]+$' AND path !~ '(^|/)\.{0,2}(/|$)' AND path !~ '^([^/]*/){16}'),
	name             text COLLATE "C" GENERATED ALWAYS AS (regexp_replace(path, '^.*/', '')) STORED,
	owner_account_id bigint NOT NULL REFERENCES account,
	-- what everyone may who has no grant of his own. A folder gives the right to create in it;
	-- nothing flows down to what is in it.
	default_access   access NOT NULL DEFAULT 1,
	description      text NOT NULL DEFAULT '' CHECK (length(description) <= 10000),
	created_at       timestamptz NOT NULL DEFAULT now(),
	updated_at       timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX folder_path_key ON folder (lower(path));
CREATE INDEX folder_owner ON folder (owner_account_id);

CREATE TABLE folder_grant (
	id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	folder_id  bigint NOT NULL REFERENCES folder ON DELETE CASCADE,
	account_id bigint REFERENCES account ON DELETE CASCADE,
	team_id    bigint REFERENCES team ON DELETE CASCADE,
	access     access NOT NULL,   -- 0 for an account takes the default away
	CHECK (num_nonnulls(account_id, team_id) = 1)
);
CREATE UNIQUE INDEX folder_grant_account ON folder_grant (folder_id, account_id) WHERE account_id IS NOT NULL;
CREATE UNIQUE INDEX folder_grant_team ON folder_grant (folder_id, team_id) WHERE team_id IS NOT NULL;
CREATE INDEX folder_grant_by_account ON folder_grant (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX folder_grant_by_team ON folder_grant (team_id) WHERE team_id IS NOT NULL;

-- The rule of projects, on folders.
CREATE FUNCTION folder_access(asker bigint, asker_is_admin boolean, folder_id bigint,
	owner_account_id bigint, default_access access) RETURNS smallint
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
	IF asker_is_admin OR asker = owner_account_id THEN
		RETURN 4;
	ELSIF asker = 0 THEN
		RETURN least(default_access::smallint, 1::smallint);
	END IF;
	RETURN greatest(
		coalesce((SELECT g.access FROM hub.folder_grant g
			WHERE g.folder_id = $3 AND g.account_id = $1), $5),
		(SELECT max(g.access) FROM hub.team_member m
			JOIN hub.team t ON t.id = m.team_id AND t.active
			JOIN hub.folder_grant g ON g.team_id = m.team_id AND g.folder_id = $3
			WHERE m.account_id = $1));
END $$;

-- ---------------------------------------------------------------- a path is taken once

-- A project and a folder never share a path, in any case: one key for both, by which two who come at
-- the same time meet.
CREATE TABLE path_taken (
	path_key text COLLATE "C" PRIMARY KEY
);

-- A uname is the place of its account or team: of <uname>/<name>, with or without a folder. So the
-- folder of that path is theirs, and a name that is a folder already is no uname any more. Who
-- comes with one of the two waits here for who comes with the other.
CREATE FUNCTION place_lock(name_key text) RETURNS void LANGUAGE sql AS $$
	SELECT pg_advisory_xact_lock(hashtextextended(name_key, 7))
$$;

CREATE FUNCTION path_take() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = hub, pg_temp AS $$
BEGIN
	IF TG_OP = 'UPDATE' AND lower(OLD.path) = lower(NEW.path) THEN
		RETURN NULL;
	END IF;
	IF TG_OP <> 'INSERT' THEN
		DELETE FROM path_taken WHERE path_key = lower(OLD.path);
	END IF;
	IF TG_OP = 'DELETE' THEN
		RETURN NULL;
	END IF;
	INSERT INTO path_taken VALUES (lower(NEW.path));
	IF strpos(NEW.path, '/') > 0 THEN   -- nobody deletes or moves what it comes into
		PERFORM FROM folder f WHERE lower(f.path) = lower(regexp_replace(NEW.path, '/[^/]*$', ''))
			FOR KEY SHARE;
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER project_path_take AFTER INSERT OR DELETE OR UPDATE OF path ON project
	FOR EACH ROW EXECUTE FUNCTION path_take();
CREATE TRIGGER folder_path_take AFTER INSERT OR DELETE OR UPDATE OF path ON folder
	FOR EACH ROW EXECUTE FUNCTION path_take();

CREATE FUNCTION path_truncated() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = hub, pg_temp AS $$
BEGIN
	DELETE FROM path_taken t WHERE NOT EXISTS (SELECT FROM project p WHERE lower(p.path) = t.path_key)
		AND NOT EXISTS (SELECT FROM folder f WHERE lower(f.path) = t.path_key);
	RETURN NULL;
END $$;
CREATE TRIGGER project_truncated AFTER TRUNCATE ON project EXECUTE FUNCTION path_truncated();
CREATE TRIGGER folder_truncated AFTER TRUNCATE ON folder EXECUTE FUNCTION path_truncated();

CREATE FUNCTION folder_place() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = hub, pg_temp AS $$
DECLARE
	key text COLLATE "C" := lower(NEW.path);
BEGIN
	IF strpos(NEW.path, '/') > 0 THEN
		RETURN NULL;
	END IF;
	PERFORM place_lock(key);
	IF EXISTS (SELECT FROM account a WHERE lower(a.uname) = key AND a.id <> NEW.owner_account_id)
		OR EXISTS (SELECT FROM team t WHERE lower(t.uname) = key
			AND t.owner_account_id <> NEW.owner_account_id)
	THEN
		RAISE unique_violation USING MESSAGE = 'the place of somebody else',
			CONSTRAINT = 'folder_place', TABLE = 'folder', SCHEMA = 'hub';
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER folder_place AFTER INSERT OR UPDATE OF path, owner_account_id ON folder
	FOR EACH ROW EXECUTE FUNCTION folder_place();

CREATE FUNCTION team_place() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = hub, pg_temp AS $$
BEGIN
	UPDATE folder f SET owner_account_id = NEW.owner_account_id
		WHERE lower(f.path) = lower(NEW.uname);
	RETURN NULL;
END $$;
CREATE TRIGGER team_place AFTER UPDATE OF owner_account_id ON team
	FOR EACH ROW EXECUTE FUNCTION team_place();

-- ---------------------------------------------------------------- paths that move

-- All that is at a path or below it, folders and projects, gets another beginning. Whoever makes
-- something in one of the folders meanwhile comes before or after. At most that many.
CREATE FUNCTION move_paths(was text, becomes text, most bigint) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	key text COLLATE "C" := lower(was COLLATE "C");
	cut integer := length(was) + 1;
	n bigint;
BEGIN
	PERFORM FROM hub.folder f WHERE lower(f.path) = key
		OR (lower(f.path) > key || '/' AND lower(f.path) < key || '0') ORDER BY f.path FOR UPDATE;
	SELECT (SELECT count(*) FROM hub.folder f WHERE lower(f.path) > key || '/' AND lower(f.path) < key || '0')
		+ (SELECT count(*) FROM hub.project p WHERE lower(p.path) > key || '/' AND lower(p.path) < key || '0')
		INTO n;
	IF n > most THEN
		RAISE EXCEPTION 'more than % things are below that path: move them in parts', most;
	END IF;
	UPDATE hub.folder f SET path = becomes || substr(f.path, cut), updated_at = now()
		WHERE lower(f.path) = key OR (lower(f.path) > key || '/' AND lower(f.path) < key || '0');
	UPDATE hub.project p SET path = becomes || substr(p.path, cut), updated_at = now()
		WHERE lower(p.path) > key || '/' AND lower(p.path) < key || '0';
	RETURN n;
END $$;

-- Another uname, by whatever door: its place goes along, and its personal platform.
CREATE FUNCTION uname_place() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = hub, pg_temp AS $$
BEGIN
	IF TG_OP = 'INSERT' OR lower(OLD.uname) <> lower(NEW.uname) THEN
		PERFORM place_lock(lower(NEW.uname));
		IF EXISTS (SELECT FROM folder f WHERE lower(f.path) = lower(NEW.uname)) THEN
			RAISE unique_violation USING MESSAGE = 'a folder has that name',
				CONSTRAINT = 'uname_place', TABLE = TG_TABLE_NAME, SCHEMA = 'hub';
		END IF;
	END IF;
	IF TG_OP = 'UPDATE' AND OLD.uname <> NEW.uname THEN
		PERFORM move_paths(OLD.uname, NEW.uname, 10000);
		UPDATE platform p SET name = NEW.uname || '_personal', updated_at = now(),
			description = CASE p.description WHEN p.name THEN NEW.uname || '_personal'
				ELSE p.description END,
			default_branch = CASE p.default_branch WHEN p.name THEN NEW.uname || '_personal'
				ELSE p.default_branch END
		WHERE p.platform_type = 'personal' AND p.name = OLD.uname || '_personal';
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER account_uname_place AFTER INSERT OR UPDATE OF uname ON account
	FOR EACH ROW EXECUTE FUNCTION uname_place();
CREATE TRIGGER team_uname_place AFTER INSERT OR UPDATE OF uname ON team
	FOR EACH ROW EXECUTE FUNCTION uname_place();

-- ---------------------------------------------------------------- what is there

INSERT INTO path_taken SELECT lower(path) FROM project;

-- The folders of paths that are there, but for the places of unames and where a project is: an
-- administrator's, else of who has a project there.
INSERT INTO folder (path, owner_account_id)
SELECT min(w.path), coalesce((SELECT min(a.id) FROM account a WHERE a.role = 'admin' AND a.active), min(w.owner))
FROM (SELECT array_to_string((string_to_array(p.path, '/'))[1:n], '/') COLLATE "C" AS path,
		coalesce(p.owner_account_id, t.owner_account_id) AS owner
	FROM project p LEFT JOIN team t ON t.id = p.owner_team_id,
		generate_series(1, least(length(p.path) - length(replace(p.path, '/', '')), 16)) n) w
WHERE w.path !~ '^[0-9]+$' AND lower(w.path) NOT IN (SELECT path_key FROM path_taken)
	AND lower(w.path) NOT IN (SELECT uname_key FROM uname_taken)
GROUP BY lower(w.path);

-- ---------------------------------------------------------------- teams that are not active

-- As in 003, but for inactive teams: what they were granted, and their members' roles, are nothing.
CREATE OR REPLACE FUNCTION project_access_of_account(asker bigint, project_id bigint, owner_team_id bigint,
	default_access access) RETURNS smallint
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
	RETURN greatest(
		coalesce((SELECT g.access FROM hub.project_grant g
			WHERE g.project_id = $2 AND g.account_id = $1), $4),
		coalesce((SELECT max(g.access) FROM hub.team_member m
			JOIN hub.team t ON t.id = m.team_id AND t.active
			JOIN hub.project_grant g ON g.team_id = m.team_id AND g.project_id = $2
			WHERE m.account_id = $1), 0),
		coalesce((SELECT CASE m.role WHEN 3 THEN 4 ELSE m.role END FROM hub.team_member m
			JOIN hub.team t ON t.id = m.team_id AND t.active
			WHERE m.team_id = $3 AND m.account_id = $1), 0),
		CASE WHEN EXISTS (SELECT FROM hub.team t WHERE t.id = $3 AND t.owner_account_id = $1)
			THEN 4 ELSE 0 END)::smallint;
END $$;

CREATE OR REPLACE FUNCTION platform_access(asker bigint, asker_is_admin boolean, platform_id bigint,
	owner_account_id bigint, owner_team_id bigint, is_hidden boolean) RETURNS smallint
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
	IF asker_is_admin OR asker = owner_account_id THEN
		RETURN 4;
	ELSIF asker = 0 THEN
		RETURN CASE WHEN is_hidden THEN 0 ELSE 1 END;
	END IF;
	RETURN greatest(
		CASE WHEN is_hidden THEN 0 ELSE 1 END,
		CASE WHEN EXISTS (SELECT FROM hub.team t WHERE t.id = $5 AND t.owner_account_id = $1)
			THEN 4 ELSE 0 END,
		coalesce((SELECT CASE m.role WHEN 3 THEN 3 ELSE 1 END FROM hub.team_member m
			JOIN hub.team t ON t.id = m.team_id AND t.active
			WHERE m.team_id = $5 AND m.account_id = $1), 0),
		coalesce((SELECT CASE g.access WHEN 3 THEN 3 ELSE 1 END FROM hub.platform_grant g
			WHERE g.platform_id = $3 AND g.account_id = $1), 0),
		coalesce((SELECT max(CASE g.access WHEN 3 THEN 3 ELSE 1 END) FROM hub.team_member m
			JOIN hub.team t ON t.id = m.team_id AND t.active
			JOIN hub.platform_grant g ON g.team_id = m.team_id AND g.platform_id = $3
			WHERE m.account_id = $1), 0),
		CASE WHEN is_hidden AND EXISTS (SELECT FROM hub.repository r
				JOIN hub.repository_grant g ON g.repository_id = r.id
				WHERE r.platform_id = $3 AND (g.account_id = $1 OR g.team_id IN
					(SELECT m.team_id FROM hub.team_member m
					JOIN hub.team t ON t.id = m.team_id AND t.active
					WHERE m.account_id = $1)))
			THEN 1 ELSE 0 END)::smallint;
END $$;

CREATE OR REPLACE FUNCTION repository_access(asker bigint, repository_id bigint, access_on_platform smallint)
RETURNS smallint LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
	IF asker = 0 OR access_on_platform > 2 THEN
		RETURN access_on_platform;
	END IF;
	RETURN CASE WHEN EXISTS (SELECT FROM hub.repository_grant g
			WHERE g.repository_id = $2 AND (g.account_id = $1 OR g.team_id IN
				(SELECT m.team_id FROM hub.team_member m
				JOIN hub.team t ON t.id = m.team_id AND t.active
				WHERE m.account_id = $1)))
		THEN 2::smallint ELSE access_on_platform END;
END $$;

-- As in 008, but for inactive teams, of which only the owner has anything.
CREATE OR REPLACE FUNCTION projects_shared(asker bigint) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 100 AS $$
BEGIN
	RETURN QUERY
	SELECT p.id FROM hub.team_member m JOIN hub.team t ON t.id = m.team_id AND t.active
		CROSS JOIN LATERAL (
		SELECT q.id FROM hub.project q WHERE q.owner_team_id = m.team_id OFFSET 0) p
		WHERE m.account_id = asker
	UNION SELECT p.id FROM hub.team t CROSS JOIN LATERAL (
		SELECT q.id FROM hub.project q WHERE q.owner_team_id = t.id OFFSET 0) p
		WHERE t.owner_account_id = asker
	UNION SELECT p.id FROM hub.project_grant g JOIN hub.project p ON p.id = g.project_id
		WHERE g.account_id = asker AND g.access > 0
			AND p.owner_account_id IS DISTINCT FROM asker
	UNION SELECT p.id FROM hub.team_member m JOIN hub.team t ON t.id = m.team_id AND t.active
		CROSS JOIN LATERAL (
		SELECT h.project_id FROM hub.project_grant h WHERE h.team_id = m.team_id AND h.access > 0
			OFFSET 0) g JOIN hub.project p ON p.id = g.project_id
		WHERE m.account_id = asker AND p.owner_account_id IS DISTINCT FROM asker;
END $$;
