-- What the front page lists and counts: projects by path or by their last change, mirrors by how they
-- are, and a text anywhere in path or description.

SET LOCAL search_path = hub;

-- Lists of all projects walk this one alone up to their page, as those of mirrors do theirs.
DROP INDEX project_path;
CREATE INDEX project_path ON project (path)
	INCLUDE (id, owner_account_id, owner_team_id, default_access);

CREATE INDEX project_path_trgm ON project USING gin (lower(path) trgm.gin_trgm_ops);
CREATE INDEX project_description_trgm ON project USING gin (lower(description) trgm.gin_trgm_ops);

-- When the refs of a store last changed, by a push or a sync: whatever raises its generation.
ALTER TABLE store ADD COLUMN changed_at timestamptz NOT NULL DEFAULT now();
UPDATE store s SET changed_at = coalesce((SELECT max(m.last_change_at) FROM project p
	JOIN mirror m ON m.project_id = p.id WHERE p.store_id = s.id), s.created_at);
CREATE INDEX store_changed ON store (changed_at, id);

CREATE FUNCTION store_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.changed_at := now();
	RETURN NEW;
END $$;
CREATE TRIGGER store_changed BEFORE UPDATE OF generation ON store FOR EACH ROW
	WHEN (OLD.generation <> NEW.generation) EXECUTE FUNCTION store_change();

-- The few that are not as they should be. No column in here changes with each sync, or the row of the
-- mirror could not be updated in place: those never synced are found by their store.
CREATE INDEX mirror_failing ON mirror (project_id) WHERE failures > 0;
CREATE INDEX mirror_paused ON mirror (project_id) WHERE paused;
CREATE INDEX store_untouched ON store (id) WHERE generation = 0;

-- The web may know that there are credentials, not what they are.
ALTER TABLE mirror ADD COLUMN has_credentials boolean NOT NULL
	GENERATED ALWAYS AS (sealed_credentials IS NOT NULL) STORED;
