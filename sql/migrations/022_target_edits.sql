-- A target that leads elsewhere ends the push that runs.

SET LOCAL search_path = hub;

-- What that push still tells is of the old place: its refs would become ours at the new one, to be
-- rewound and deleted there, and what it has done would count as done there. Its job is another's
-- from here on. target_made, which a push itself calls, changes nothing but the address of a
-- provider's project, and is no edit.
CREATE FUNCTION target_restart() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = hub, pg_temp AS $$
BEGIN
	UPDATE job j SET state = 'queued', run_at = '-infinity', queued_at = now(), again = false,
		worker = NULL, lease_until = NULL, phase = ''
	WHERE j.target_id = NEW.id AND j.state = 'running';
	RETURN NULL;
END $$;
CREATE TRIGGER target_restart
	AFTER UPDATE OF url, provider, provider_url, provider_namespace ON target FOR EACH ROW
	WHEN ((OLD.provider, OLD.provider_url, OLD.provider_namespace)
		IS DISTINCT FROM (NEW.provider, NEW.provider_url, NEW.provider_namespace)
		OR (hub.target_place(OLD.url) IS DISTINCT FROM hub.target_place(NEW.url)
			AND (NEW.provider = 'none' OR NEW.updated_at <> OLD.updated_at)))
	EXECUTE FUNCTION target_restart();
