-- People who have signed in to the pages (design.md section 8).

SET LOCAL search_path = hub;

-- The cookie holds 256 random bits; here is their SHA-256 alone.
CREATE TABLE session (
	id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	hash             bytea NOT NULL UNIQUE CHECK (length(hash) = 32),
	account_id       bigint NOT NULL REFERENCES account ON DELETE CASCADE,
	password_version bigint NOT NULL,       -- of the password that it was made with
	created_at       timestamptz NOT NULL DEFAULT now(),
	seen_at          timestamptz NOT NULL DEFAULT now(),    -- to a minute
	-- what its owner recognises it by
	remote_addr      text NOT NULL DEFAULT '' CHECK (length(remote_addr) <= 100),
	user_agent       text NOT NULL DEFAULT '' CHECK (length(user_agent) <= 255)
);
CREATE INDEX session_account ON session (account_id);
CREATE INDEX session_seen ON session (seen_at);

-- How long a session lasts: 8 hours after it was last seen, 7 days altogether.
CREATE FUNCTION session_ends(created_at timestamptz, seen_at timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT least(seen_at + interval '8 hours', created_at + interval '7 days')
$$;
CREATE FUNCTION session_holds(created_at timestamptz, seen_at timestamptz) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT hub.session_ends(created_at, seen_at) > now()
$$;

-- A new password ends all sessions of its account, and so does being banned or disabled, whoever
-- does it: lifting a ban later must not wake them up.
CREATE FUNCTION sessions_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM hub.session WHERE account_id = NEW.id;
	RETURN NULL;
END $$;
CREATE TRIGGER account_sessions AFTER UPDATE OF password_version, role, active ON account FOR EACH ROW
	WHEN (NEW.password_version <> OLD.password_version OR NEW.role = 'banned' OR NOT NEW.active)
	EXECUTE FUNCTION sessions_end();

-- The end of the audit trail, for the page of an administrator. The web programs cannot read the
-- trail itself: whoever breaks into one of them learns no more than this.
CREATE FUNCTION recent_events(asker bigint, most bigint) RETURNS TABLE (at timestamptz, actor text,
	action text, object text, detail text, remote_addr text, result text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = hub, pg_temp AS $$
	SELECT e.at, e.actor, e.action, e.object, e.detail, e.remote_addr, e.result FROM event e
	WHERE EXISTS (SELECT FROM account a WHERE a.id = asker AND a.role = 'admin' AND a.active)
	ORDER BY e.id DESC LIMIT least(most, 100)
$$;
