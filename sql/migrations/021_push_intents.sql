-- A push is two systems: Git's refs and these tables. What is about to be pushed is written down before
-- Git may touch a ref, so that a web program that is killed behind Git's change leaves word of it.

SET LOCAL search_path = hub;

-- One per store: pushes hold the store's lock. Whoever has that lock and finds a row knows that
-- its writer is dead, or could not reach the database when Git was done.
CREATE TABLE push_intent (
	id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	store_id     bigint NOT NULL UNIQUE REFERENCES store ON DELETE CASCADE,
	project_id   bigint NOT NULL REFERENCES project ON DELETE CASCADE,   -- by which of the store's names
	actor        text NOT NULL,          -- as event has them
	remote_addr  text NOT NULL,
	at           timestamptz NOT NULL DEFAULT now(),
	-- "<id> <name>" lines: what the refs that the push names were before. Names are bytes.
	refs         bytea NOT NULL CHECK (octet_length(refs) <= 1100000),
	n_refs       bigint NOT NULL         -- so many the push names; refs has the first of them
);
CREATE INDEX push_intent_project ON push_intent (project_id);   -- for its deletion

-- What a push changed: generation, event, webhooks, hooks and targets, and the intent's end. false: the
-- intent is gone, so it was told before and nothing is done. head NULL: it stays. refs: of
-- lib/store/ref_list.h; refs_changed (012) and targets_due (016) say what becomes of them.
CREATE FUNCTION push_record(intent bigint, detail text, head text, refs jsonb, with_hooks boolean)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = hub, pg_temp AS $$
DECLARE
	told push_intent;
BEGIN
	DELETE FROM push_intent i WHERE i.id = intent RETURNING i.* INTO told;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	UPDATE store s SET generation = s.generation + 1, head = coalesce(push_record.head, s.head)
	WHERE s.id = told.store_id;
	INSERT INTO event (actor, action, object, detail, remote_addr)
	SELECT told.actor, 'push', p.path, push_record.detail, told.remote_addr
	FROM project p WHERE p.id = told.project_id;
	PERFORM targets_due(told.project_id);
	PERFORM refs_changed(told.project_id, told.actor, 'push', refs, with_hooks);
	RETURN true;
END $$;
