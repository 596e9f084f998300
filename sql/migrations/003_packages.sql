-- ABF's world (contracts/abf.md): platforms, package repositories and what belongs to them, and what
-- projects, people and teams need for it. Access levels as in 001, and 4: owner.

SET LOCAL search_path = hub;

-- Its functions are not ours: a schema of their own, which nobody needs to see to use the indexes.
CREATE SCHEMA IF NOT EXISTS trgm;
CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA trgm;

-- ---------------------------------------------------------------- people

ALTER TABLE account
	ADD language                text NOT NULL DEFAULT 'en' CHECK (language IN ('en', 'ru')),
	ADD professional_experience text NOT NULL DEFAULT '' CHECK (length(professional_experience) <= 10000),
	ADD site                    text NOT NULL DEFAULT '' CHECK (length(site) <= 255),
	ADD company                 text NOT NULL DEFAULT '' CHECK (length(company) <= 255),
	ADD location                text NOT NULL DEFAULT '' CHECK (length(location) <= 255),
	ADD build_priority          integer NOT NULL DEFAULT 50;

-- What a person wants mail about (ABF's notifiers). No row: everything.
CREATE TABLE notifier (
	account_id bigint PRIMARY KEY REFERENCES account ON DELETE CASCADE,
	can_notify                      boolean NOT NULL DEFAULT true,
	new_comment                     boolean NOT NULL DEFAULT true,
	new_comment_reply               boolean NOT NULL DEFAULT true,
	new_issue                       boolean NOT NULL DEFAULT true,
	issue_assign                    boolean NOT NULL DEFAULT true,
	new_comment_commit_owner        boolean NOT NULL DEFAULT true,
	new_comment_commit_repo_owner   boolean NOT NULL DEFAULT true,
	new_comment_commit_commentor    boolean NOT NULL DEFAULT true,
	new_build                       boolean NOT NULL DEFAULT true,
	new_associated_build            boolean NOT NULL DEFAULT true,
	update_code                     boolean NOT NULL DEFAULT true
);

ALTER TABLE team ADD default_branch text NOT NULL DEFAULT '' CHECK (length(default_branch) <= 100);
ALTER TABLE team ADD CONSTRAINT team_description_length CHECK (length(description) <= 10000);

-- ---------------------------------------------------------------- projects

-- The branch that HEAD names. A property of the store: aliases share it.
ALTER TABLE store ADD head text NOT NULL DEFAULT 'master' CHECK (octet_length(head) BETWEEN 1 AND 1000);

ALTER TABLE project
	ADD parent_id                bigint REFERENCES project ON DELETE SET NULL,   -- forked from
	ADD maintainer_id            bigint REFERENCES account ON DELETE SET NULL,
	ADD is_package               boolean NOT NULL DEFAULT false,
	ADD has_issues               boolean NOT NULL DEFAULT true,
	ADD has_wiki                 boolean NOT NULL DEFAULT false,
	ADD publish_i686_into_x86_64 boolean NOT NULL DEFAULT false,
	ADD architecture_dependent   boolean NOT NULL DEFAULT false,
	ADD autostart_status         smallint CHECK (autostart_status BETWEEN 0 AND 2);
CREATE INDEX project_parent ON project (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX project_alias ON project (alias_of) WHERE alias_of IS NOT NULL;
CREATE INDEX project_maintainer ON project (maintainer_id) WHERE maintainer_id IS NOT NULL;

-- Ids from the root down to the parent, joined by '/'; NULL for a root. At most 100 deep.
CREATE FUNCTION project_ancestry(parent bigint) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
	line text;
	at bigint := parent;
	next bigint;
BEGIN
	FOR i IN 1..100 LOOP
		EXIT WHEN at IS NULL;
		line := concat_ws('/', at, line);
		SELECT p.parent_id INTO next FROM hub.project p WHERE p.id = at;
		at := next;
	END LOOP;
	RETURN line;
END $$;

-- Owners have 4: a team's owner and its members with role admin own what the team owns.
CREATE OR REPLACE FUNCTION project_access_of_account(asker bigint, project_id bigint, owner_team_id bigint,
	default_access access) RETURNS smallint
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
	RETURN greatest(
		coalesce((SELECT g.access FROM hub.project_grant g
			WHERE g.project_id = $2 AND g.account_id = $1), $4),
		coalesce((SELECT max(g.access) FROM hub.team_member m
			JOIN hub.project_grant g ON g.team_id = m.team_id AND g.project_id = $2
			WHERE m.account_id = $1), 0),
		coalesce((SELECT CASE m.role WHEN 3 THEN 4 ELSE m.role END FROM hub.team_member m
			WHERE m.team_id = $3 AND m.account_id = $1), 0),
		CASE WHEN EXISTS (SELECT FROM hub.team t WHERE t.id = $3 AND t.owner_account_id = $1)
			THEN 4 ELSE 0 END)::smallint;
END $$;

CREATE OR REPLACE FUNCTION project_access(asker bigint, asker_is_admin boolean, project_id bigint,
	owner_account_id bigint, owner_team_id bigint, default_access access) RETURNS smallint
LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT CASE
		WHEN asker_is_admin THEN 4::smallint
		WHEN asker = 0 THEN least(default_access::smallint, 1::smallint)
		WHEN asker = owner_account_id THEN 4::smallint
		ELSE hub.project_access_of_account(asker, project_id, owner_team_id, default_access)
	END
$$;

-- ---------------------------------------------------------------- platforms

CREATE TABLE arch (
	id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name text COLLATE "C" NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9_]{1,50}$')
);
INSERT INTO arch (name) VALUES ('i386'), ('i586'), ('x86_64');

-- What a platform's packages are made for; the first is the one of personal platforms.
CREATE TABLE distrib_type (
	id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name text COLLATE "C" NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9_-]{1,50}$')
);
INSERT INTO distrib_type (name) VALUES ('mdv'), ('rhel'), ('nau5');

CREATE TABLE platform (
	id                 bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name               text COLLATE "C" NOT NULL CHECK (name ~ '^[A-Za-z0-9_.-]{1,120}$' AND name !~ '^\.+$'),
	description        text NOT NULL CHECK (length(description) BETWEEN 1 AND 10000),
	platform_type      text NOT NULL DEFAULT 'main' CHECK (platform_type IN ('main', 'personal')),
	distrib_type       text COLLATE "C" NOT NULL REFERENCES distrib_type (name),
	default_branch     text NOT NULL CHECK (length(default_branch) BETWEEN 1 AND 120),
	is_hidden          boolean NOT NULL DEFAULT false,
	is_released        boolean NOT NULL DEFAULT false,
	parent_platform_id bigint REFERENCES platform ON DELETE SET NULL,   -- cloned from
	owner_account_id   bigint REFERENCES account ON DELETE CASCADE,
	owner_team_id      bigint REFERENCES team ON DELETE CASCADE,
	packages_read_at   timestamptz,   -- the last packages.csv of any of its repositories
	created_at         timestamptz NOT NULL DEFAULT now(),
	updated_at         timestamptz NOT NULL DEFAULT now(),
	CHECK (num_nonnulls(owner_account_id, owner_team_id) = 1)
);
CREATE UNIQUE INDEX platform_name_key ON platform (lower(name));
CREATE INDEX platform_parent ON platform (parent_platform_id) WHERE parent_platform_id IS NOT NULL;
CREATE INDEX platform_owner_account ON platform (owner_account_id);
CREATE INDEX platform_owner_team ON platform (owner_team_id);
-- one personal platform each
CREATE UNIQUE INDEX platform_personal_account ON platform (owner_account_id) WHERE platform_type = 'personal';
CREATE UNIQUE INDEX platform_personal_team ON platform (owner_team_id) WHERE platform_type = 'personal';

CREATE TABLE platform_grant (
	id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	platform_id bigint NOT NULL REFERENCES platform ON DELETE CASCADE,
	account_id  bigint REFERENCES account ON DELETE CASCADE,
	team_id     bigint REFERENCES team ON DELETE CASCADE,
	access      access NOT NULL CHECK (access > 0),
	CHECK (num_nonnulls(account_id, team_id) = 1)
);
CREATE UNIQUE INDEX platform_grant_account ON platform_grant (platform_id, account_id) WHERE account_id IS NOT NULL;
CREATE UNIQUE INDEX platform_grant_team ON platform_grant (platform_id, team_id) WHERE team_id IS NOT NULL;
CREATE INDEX platform_grant_by_account ON platform_grant (account_id, platform_id) WHERE account_id IS NOT NULL;
CREATE INDEX platform_grant_by_team ON platform_grant (team_id, platform_id) WHERE team_id IS NOT NULL;

-- A package section of a platform ("main", "contrib"). Not a Git repository.
CREATE TABLE repository (
	id                             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	platform_id                    bigint NOT NULL REFERENCES platform ON DELETE CASCADE,
	name                           text COLLATE "C" NOT NULL CHECK (name ~ '^[a-z0-9_-]{1,100}$'),
	description                    text NOT NULL CHECK (length(description) BETWEEN 1 AND 100),
	publish_without_qa             boolean NOT NULL DEFAULT true,
	publish_builds_only_from_branch text CHECK (length(publish_builds_only_from_branch) BETWEEN 1 AND 255),
	synchronizing_publications     boolean NOT NULL DEFAULT false,
	created_at                     timestamptz NOT NULL DEFAULT now(),
	updated_at                     timestamptz NOT NULL DEFAULT now(),
	UNIQUE (id, platform_id)
);
CREATE UNIQUE INDEX repository_name_key ON repository (platform_id, name);

-- Members of a repository may attach and detach projects; membership has no levels.
CREATE TABLE repository_grant (
	id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	repository_id bigint NOT NULL REFERENCES repository ON DELETE CASCADE,
	account_id    bigint REFERENCES account ON DELETE CASCADE,
	team_id       bigint REFERENCES team ON DELETE CASCADE,
	CHECK (num_nonnulls(account_id, team_id) = 1)
);
CREATE UNIQUE INDEX repository_grant_account ON repository_grant (repository_id, account_id) WHERE account_id IS NOT NULL;
CREATE UNIQUE INDEX repository_grant_team ON repository_grant (repository_id, team_id) WHERE team_id IS NOT NULL;
CREATE INDEX repository_grant_by_account ON repository_grant (account_id, repository_id) WHERE account_id IS NOT NULL;
CREATE INDEX repository_grant_by_team ON repository_grant (team_id, repository_id) WHERE team_id IS NOT NULL;

-- Projects attached to a repository. One project of a name per platform, in whatever repository;
-- name_key follows the project's name (the trigger below).
CREATE TABLE repository_project (
	repository_id bigint NOT NULL,
	platform_id   bigint NOT NULL,
	project_id    bigint NOT NULL REFERENCES project ON DELETE CASCADE,
	name_key      text COLLATE "C" NOT NULL,
	PRIMARY KEY (repository_id, project_id),
	FOREIGN KEY (repository_id, platform_id) REFERENCES repository (id, platform_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX repository_project_name_key ON repository_project (platform_id, name_key);
CREATE INDEX repository_project_by_project ON repository_project (project_id);
CREATE INDEX repository_project_by_name ON repository_project (repository_id, name_key);

CREATE FUNCTION repository_project_rename() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE hub.repository_project SET name_key = lower(NEW.name) WHERE project_id = NEW.id;
	RETURN NULL;
END $$;
CREATE TRIGGER project_rename AFTER UPDATE OF path ON project
	FOR EACH ROW WHEN (OLD.path IS DISTINCT FROM NEW.path) EXECUTE FUNCTION repository_project_rename();

CREATE TABLE key_pair (
	repository_id bigint PRIMARY KEY REFERENCES repository ON DELETE CASCADE,
	public        text NOT NULL CHECK (length(public) BETWEEN 1 AND 10000),
	sealed_secret text NOT NULL,
	fingerprint   text NOT NULL CHECK (fingerprint ~ '^[0-9A-F]{2}(:[0-9A-F]{2})+$'),
	account_id    bigint REFERENCES account ON DELETE SET NULL,   -- who signed it in
	created_at    timestamptz NOT NULL DEFAULT now()
);

-- What the spec files of an attached project say, at the tip of the branch that is published.
CREATE TABLE package (
	id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	repository_id   bigint NOT NULL,
	project_id      bigint NOT NULL,
	name            text NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
	epoch           bigint NOT NULL DEFAULT 0 CHECK (epoch >= 0),
	version         text NOT NULL DEFAULT '' CHECK (length(version) <= 255),
	release         text NOT NULL DEFAULT '' CHECK (length(release) <= 255),
	commit_id       text NOT NULL CHECK (commit_id ~ '^[0-9a-f]{40}$'),
	committer_name  text NOT NULL DEFAULT '',
	committer_email text NOT NULL DEFAULT '',
	updated_at      timestamptz NOT NULL DEFAULT now(),
	FOREIGN KEY (repository_id, project_id) REFERENCES repository_project ON DELETE CASCADE
);
CREATE UNIQUE INDEX package_key ON package (repository_id, project_id, name);
CREATE INDEX package_repository ON package (repository_id, id);
CREATE INDEX package_project ON package (project_id);

-- Builds of a project that went well, per architecture: new average = (avg * n + duration) / (n + 1).
CREATE TABLE project_statistic (
	project_id         bigint NOT NULL REFERENCES project ON DELETE CASCADE,
	arch_id            bigint NOT NULL REFERENCES arch ON DELETE CASCADE,
	average_build_time bigint NOT NULL CHECK (average_build_time >= 0),   -- seconds
	build_count        bigint NOT NULL CHECK (build_count > 0),
	PRIMARY KEY (project_id, arch_id)
);

-- ---------------------------------------------------------------- who may what on platforms

-- 4 its owner (account, or owner of the team), 3 a member or the owner team's members with role
-- admin, 1 every other member, the members of its repositories, and everyone while it is not hidden.
CREATE FUNCTION platform_access(asker bigint, asker_is_admin boolean, platform_id bigint,
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
			WHERE m.team_id = $5 AND m.account_id = $1), 0),
		coalesce((SELECT CASE g.access WHEN 3 THEN 3 ELSE 1 END FROM hub.platform_grant g
			WHERE g.platform_id = $3 AND g.account_id = $1), 0),
		coalesce((SELECT max(CASE g.access WHEN 3 THEN 3 ELSE 1 END) FROM hub.team_member m
			JOIN hub.platform_grant g ON g.team_id = m.team_id AND g.platform_id = $3
			WHERE m.account_id = $1), 0),
		CASE WHEN is_hidden AND EXISTS (SELECT FROM hub.repository r
				JOIN hub.repository_grant g ON g.repository_id = r.id
				WHERE r.platform_id = $3 AND (g.account_id = $1 OR g.team_id IN
					(SELECT m.team_id FROM hub.team_member m WHERE m.account_id = $1)))
			THEN 1 ELSE 0 END)::smallint;
END $$;

-- As on its platform, and 2 for the repository's members.
CREATE FUNCTION repository_access(asker bigint, repository_id bigint, access_on_platform smallint)
RETURNS smallint LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
	IF asker = 0 OR access_on_platform > 2 THEN
		RETURN access_on_platform;
	END IF;
	RETURN CASE WHEN EXISTS (SELECT FROM hub.repository_grant g
			WHERE g.repository_id = $2 AND (g.account_id = $1 OR g.team_id IN
				(SELECT m.team_id FROM hub.team_member m WHERE m.account_id = $1)))
		THEN 2::smallint ELSE access_on_platform END;
END $$;

-- Everyone sees a team; members have their role, its owner 4.
CREATE FUNCTION team_access(asker bigint, asker_is_admin boolean, team_id bigint, owner_account_id bigint)
RETURNS smallint LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN asker_is_admin OR asker = owner_account_id THEN 4::smallint
		ELSE coalesce((SELECT m.role::smallint FROM hub.team_member m
			WHERE m.team_id = $3 AND m.account_id = $1), 1::smallint) END
$$;

-- ---------------------------------------------------------------- everyone's personal platform

-- Each account but a system account, and each team, has a platform <uname>_personal with the
-- repository main. Without it there is no such account or team.
CREATE FUNCTION make_personal_platform(uname text, account_id bigint, team_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	made bigint;
BEGIN
	INSERT INTO hub.platform (name, description, platform_type, distrib_type, default_branch,
		owner_account_id, owner_team_id)
	SELECT uname || '_personal', uname || '_personal', 'personal', d.name, uname || '_personal',
		account_id, team_id
	FROM hub.distrib_type d ORDER BY d.id LIMIT 1 RETURNING id INTO STRICT made;
	INSERT INTO hub.repository (platform_id, name, description) VALUES (made, 'main', 'main');
END $$;

CREATE FUNCTION personal_platform() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_TABLE_NAME = 'team' THEN
		PERFORM hub.make_personal_platform(NEW.uname, NULL, NEW.id);
	ELSIF NEW.role <> 'system' THEN
		PERFORM hub.make_personal_platform(NEW.uname, NEW.id, NULL);
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER account_personal AFTER INSERT ON account
	FOR EACH ROW EXECUTE FUNCTION personal_platform();
CREATE TRIGGER team_personal AFTER INSERT ON team
	FOR EACH ROW EXECUTE FUNCTION personal_platform();
SELECT make_personal_platform(uname, id, NULL) FROM account WHERE role <> 'system';
SELECT make_personal_platform(uname, NULL, id) FROM team;

-- ---------------------------------------------------------------- search

-- Substrings of three letters and more by the trigram index; shorter ones, which fit nearly
-- everything, by walking names from the shortest.
CREATE INDEX project_name_trgm ON project USING gin (lower(name) trgm.gin_trgm_ops);
CREATE INDEX project_name_length ON project (length(name), lower(name));
CREATE INDEX account_uname_trgm ON account USING gin (lower(uname) trgm.gin_trgm_ops);
CREATE INDEX account_uname_length ON account (length(uname), lower(uname));
CREATE INDEX team_uname_trgm ON team USING gin (lower(uname) trgm.gin_trgm_ops);
CREATE INDEX team_uname_length ON team (length(uname), lower(uname));
CREATE INDEX platform_name_trgm ON platform USING gin (lower(name) trgm.gin_trgm_ops);
