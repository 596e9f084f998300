-- Projects that are made at the hub's own GitLab, and taken away again.

SET LOCAL search_path = hub;

-- Made through hpr's door: pushed to with the hub's own token (setting gitlab.private_token_file),
-- and shown as the mirror's mirror_url.
ALTER TABLE target ADD COLUMN of_hub boolean NOT NULL DEFAULT false;
CREATE UNIQUE INDEX target_of_hub ON target (project_id) WHERE of_hub;

-- Whoever has it lead somewhere else brings a token of his own: the hub's is for what the hub made.
CREATE FUNCTION target_leaves_hub() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.of_hub := false;
	RETURN NEW;
END $$;
CREATE TRIGGER target_leaves_hub
	BEFORE UPDATE OF provider, provider_url, provider_namespace, provider_options ON target FOR EACH ROW
	WHEN (OLD.of_hub AND (OLD.provider, OLD.provider_url, OLD.provider_namespace, OLD.provider_options)
		IS DISTINCT FROM (NEW.provider, NEW.provider_url, NEW.provider_namespace, NEW.provider_options))
	EXECUTE FUNCTION target_leaves_hub();

-- What is to be deleted there, because a person has deleted it here through hpr's door: by its id
-- alone. Rows outlive the project.
CREATE TABLE removal (
	id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	provider            text NOT NULL,
	provider_url        text NOT NULL,
	provider_namespace  text NOT NULL,
	provider_options    jsonb NOT NULL,
	provider_project_id text NOT NULL CHECK (provider_project_id ~ '^[1-9][0-9]{0,17}$'),
	path                text NOT NULL,   -- of the project here, as it was
	asked_at            timestamptz NOT NULL DEFAULT now(),
	due_at              timestamptz NOT NULL DEFAULT now(),   -- while it is tried: the end of the lease
	attempts            bigint NOT NULL DEFAULT 0,            -- also tells one claim from the next
	error_class         text NOT NULL DEFAULT '',
	error_text          text NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX removal_project ON removal (provider_url, provider_project_id);
CREATE INDEX removal_due ON removal (due_at);

CREATE TRIGGER removal_asked AFTER INSERT ON removal FOR EACH STATEMENT EXECUTE FUNCTION job_notice();

-- The project that the hub has made for this one goes with it. One that was only looked up is not
-- ours to delete.
CREATE FUNCTION removal_ask(project bigint) RETURNS void LANGUAGE sql
SECURITY DEFINER SET search_path = hub, pg_temp AS $$
	INSERT INTO removal (provider, provider_url, provider_namespace, provider_options,
		provider_project_id, path)
	SELECT t.provider, t.provider_url, t.provider_namespace, t.provider_options,
		t.provider_project_id, p.path
	FROM target t JOIN project p ON p.id = t.project_id
	WHERE t.project_id = removal_ask.project AND t.of_hub AND t.provider_project_id IS NOT NULL
		AND t.provider_options -> 'without_create' IS DISTINCT FROM 'true'
	ON CONFLICT DO NOTHING
$$;

-- The one that is due first, for lease_s.
CREATE FUNCTION removal_claim(lease_s bigint) RETURNS SETOF removal LANGUAGE sql
SECURITY DEFINER SET search_path = hub, pg_temp AS $$
	UPDATE removal r SET due_at = now() + make_interval(secs => lease_s), attempts = r.attempts + 1
	FROM (SELECT q.id FROM removal q WHERE q.due_at <= now() ORDER BY q.due_at, q.id LIMIT 1
		FOR UPDATE SKIP LOCKED) d
	WHERE r.id = d.id RETURNING r.*
$$;

-- error_class '': it is gone. attempts: of the claim; another one's result changes nothing.
CREATE FUNCTION removal_finish(id bigint, attempts bigint, error_class text, error_text text, delay_s bigint)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = hub, pg_temp AS $$
#variable_conflict use_variable
BEGIN
	IF error_class <> '' THEN
		UPDATE removal r SET error_class = removal_finish.error_class,
			error_text = removal_finish.error_text, due_at = now() + make_interval(secs => delay_s)
		WHERE r.id = removal_finish.id AND r.attempts = removal_finish.attempts;
		RETURN;
	END IF;
	WITH gone AS (
		DELETE FROM removal r WHERE r.id = removal_finish.id AND r.attempts = removal_finish.attempts
		RETURNING r.path, r.provider, r.provider_url, r.provider_project_id
	)
	INSERT INTO event (action, object, detail)
	SELECT 'target.delete', g.path, g.provider || ' project ' || g.provider_project_id || ' at '
		|| g.provider_url FROM gone g;
END $$;
