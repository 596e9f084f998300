-- Who may do what. Run by `mirrorhub migrate` as mirrorhub_owner after the migrations, each time:
-- everything is taken away and given anew, so this file is the whole truth. The roles themselves
-- and their time limits need a superuser: cluster.sql.
--
-- mirrorhub_web  answers people. It changes rows, never tables; it cannot read sealed credentials,
--                nor change the audit trail or read it, but for its end (recent_events).
-- mirrorhub_sync does the queue's work. It sees no account, no password hash, no token.

DO $$
BEGIN
	EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC, mirrorhub_web, mirrorhub_sync',
		current_database());
	EXECUTE format('GRANT CONNECT ON DATABASE %I TO mirrorhub_web, mirrorhub_sync',
		current_database());
END $$;

REVOKE ALL ON SCHEMA hub FROM PUBLIC, mirrorhub_web, mirrorhub_sync;
REVOKE ALL ON ALL TABLES IN SCHEMA hub FROM PUBLIC, mirrorhub_web, mirrorhub_sync;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA hub FROM PUBLIC, mirrorhub_web, mirrorhub_sync;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA hub FROM PUBLIC, mirrorhub_web, mirrorhub_sync;
-- a right on a column outlives the REVOKE on its table
DO $$
DECLARE
	t record;
BEGIN
	FOR t IN SELECT c.oid::regclass AS name, string_agg(quote_ident(a.attname), ', ') AS columns
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attacl IS NOT NULL
		WHERE c.relnamespace = 'hub'::regnamespace GROUP BY c.oid
	LOOP
		EXECUTE format('REVOKE ALL (%s) ON %s FROM PUBLIC, mirrorhub_web, mirrorhub_sync',
			t.columns, t.name);
	END LOOP;
END $$;

GRANT USAGE ON SCHEMA hub TO mirrorhub_web, mirrorhub_sync;

-- ---------------------------------------------------------------- web

GRANT SELECT ON hub.account, hub.token, hub.team, hub.team_member, hub.auth_failure, hub.store,
	hub.project, hub.project_grant, hub.queue, hub.job, hub.run, hub.worker, hub.counter
	TO mirrorhub_web;
GRANT SELECT (project_id, url, mirror_url, interval_s, paused, latest_version, last_attempt_at,
	last_success_at, last_change_at, failures, error_class, error_text) ON hub.mirror TO mirrorhub_web;

GRANT INSERT (uname, first_name, last_name, email, role, password_hash),
	UPDATE (password_hash, password_version, updated_at) ON hub.account TO mirrorhub_web;
GRANT INSERT, DELETE, SELECT ON hub.uname_taken TO mirrorhub_web;   -- by the trigger of account
GRANT INSERT (account_id, hash, prefix, description, scope, expires_at), UPDATE (last_used_at)
	ON hub.token TO mirrorhub_web;
GRANT INSERT, DELETE ON hub.auth_failure TO mirrorhub_web;
GRANT INSERT, UPDATE (generation) ON hub.store TO mirrorhub_web;
GRANT INSERT (path, owner_account_id, owner_team_id, default_access, description, is_mirror, store_id),
	DELETE ON hub.project TO mirrorhub_web;
GRANT INSERT (project_id, url, sealed_credentials) ON hub.mirror TO mirrorhub_web;
GRANT INSERT (kind, project_id, store_id, state, run_at), UPDATE (again, state, run_at, queued_at),
	DELETE ON hub.job TO mirrorhub_web;                         -- of a store that is made
GRANT INSERT ON hub.event TO mirrorhub_web;

-- people and teams (ABF)
GRANT UPDATE (first_name, last_name, email, language, professional_experience, site, company, location)
	ON hub.account TO mirrorhub_web;
GRANT SELECT, INSERT, UPDATE ON hub.notifier TO mirrorhub_web;
GRANT UPDATE (uname, role, active), DELETE ON hub.account TO mirrorhub_web;   -- by administrators
GRANT SELECT ON hub.account_email TO mirrorhub_web;
GRANT INSERT (uname, owner_account_id, description), UPDATE (description, default_branch, updated_at),
	DELETE ON hub.team TO mirrorhub_web;
GRANT INSERT, UPDATE (role), DELETE ON hub.team_member TO mirrorhub_web;

-- sessions of the pages, and what people do with their own
GRANT DELETE ON hub.token TO mirrorhub_web;
GRANT SELECT, INSERT (hash, account_id, password_version, remote_addr, user_agent),
	UPDATE (seen_at), DELETE ON hub.session TO mirrorhub_web;
GRANT EXECUTE ON FUNCTION hub.session_ends, hub.session_holds, hub.sessions_end,
	hub.recent_events TO mirrorhub_web;

-- projects (ABF)
GRANT INSERT (head), UPDATE (head) ON hub.store TO mirrorhub_web;
GRANT INSERT (alias_of, parent_id, maintainer_id, is_package, has_issues, has_wiki,
	publish_i686_into_x86_64, architecture_dependent, autostart_status),
	UPDATE (path, default_access, description, updated_at, alias_of, parent_id, maintainer_id,
	is_package, has_issues, has_wiki, publish_i686_into_x86_64, architecture_dependent,
	autostart_status) ON hub.project TO mirrorhub_web;
GRANT INSERT (project_id, account_id, team_id, access), UPDATE (access), DELETE
	ON hub.project_grant TO mirrorhub_web;
GRANT SELECT, INSERT, UPDATE (average_build_time, build_count) ON hub.project_statistic TO mirrorhub_web;

-- the pages
GRANT SELECT (has_credentials), UPDATE (interval_s, paused) ON hub.mirror TO mirrorhub_web;
-- when a mirror was last checked, by itself or by a list of its upstream's, and how late it is
GRANT SELECT (listed_by, listed_fingerprint, taken_fingerprint) ON hub.mirror TO mirrorhub_web;
GRANT SELECT (id, checked_at) ON hub.manifest TO mirrorhub_web;
GRANT UPDATE (due_at) ON hub.job TO mirrorhub_web;
GRANT EXECUTE ON FUNCTION hub.job_was_due TO mirrorhub_web;

-- projects (RhodeCode)
GRANT UPDATE (owner_account_id, owner_team_id, is_mirror) ON hub.project TO mirrorhub_web;
GRANT UPDATE (url, sealed_credentials), DELETE ON hub.mirror TO mirrorhub_web;

-- platforms and repositories (ABF)
GRANT SELECT ON hub.arch, hub.distrib_type, hub.package TO mirrorhub_web;
GRANT DELETE ON hub.package TO mirrorhub_web;                       -- a platform is cleared
GRANT SELECT, INSERT, DELETE, UPDATE (description, default_branch, is_hidden, is_released,
	owner_account_id, owner_team_id, packages_read_at, updated_at) ON hub.platform TO mirrorhub_web;
GRANT SELECT, INSERT, DELETE, UPDATE (description, publish_without_qa, publish_builds_only_from_branch,
	synchronizing_publications, updated_at) ON hub.repository TO mirrorhub_web;
GRANT SELECT, INSERT, DELETE, UPDATE (access) ON hub.platform_grant TO mirrorhub_web;
GRANT SELECT, INSERT, DELETE ON hub.repository_grant TO mirrorhub_web;
GRANT SELECT, INSERT, DELETE, UPDATE (name_key) ON hub.repository_project TO mirrorhub_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON hub.key_pair TO mirrorhub_web;

GRANT EXECUTE ON FUNCTION hub.project_ancestry, hub.platform_access, hub.repository_access,
	hub.team_access, hub.make_personal_platform, hub.personal_platform,
	hub.repository_project_rename TO mirrorhub_web;

-- folders and user groups (RhodeCode)
GRANT SELECT, INSERT, DELETE, UPDATE (path, owner_account_id, default_access, description, updated_at)
	ON hub.folder TO mirrorhub_web;
GRANT SELECT, INSERT, DELETE, UPDATE (access) ON hub.folder_grant, hub.team_grant TO mirrorhub_web;
GRANT INSERT (active), UPDATE (uname, owner_account_id, active, default_access) ON hub.team
	TO mirrorhub_web;
GRANT EXECUTE ON FUNCTION hub.folder_access, hub.move_paths TO mirrorhub_web;

-- push notices (Hub)
GRANT SELECT (push_secret), UPDATE (push_secret) ON hub.mirror TO mirrorhub_web;
GRANT SELECT, INSERT, DELETE ON hub.push_delivery TO mirrorhub_web;

-- pushes that are about to happen
GRANT SELECT, INSERT (store_id, project_id, actor, remote_addr, refs, n_refs), DELETE ON hub.push_intent
	TO mirrorhub_web;
GRANT EXECUTE ON FUNCTION hub.push_record TO mirrorhub_web;

-- webhooks: the sealed columns are written, never read
GRANT SELECT (id, project_id, url, has_secret, has_headers, old_secret_until, on_push, on_sync,
	on_failure, active, off_why, account_id, by_owner, failures, next_at, last_at, last_status,
	last_error, dropped, created_at, updated_at) ON hub.webhook TO mirrorhub_web;
GRANT INSERT (id, project_id, url, sealed_secret, sealed_headers, on_push, on_sync, on_failure, active,
	account_id), UPDATE (url, sealed_headers, on_push, on_sync, on_failure, active, off_why, account_id,
	by_owner, failures, next_at, updated_at), DELETE ON hub.webhook TO mirrorhub_web;
GRANT USAGE ON SEQUENCE hub.webhook_id_seq TO mirrorhub_web;
GRANT SELECT ON hub.delivery TO mirrorhub_web;
GRANT EXECUTE ON FUNCTION hub.webhook_set_secret, hub.webhook_redeliver,
	hub.webhook_ping TO mirrorhub_web;

-- targets: the sealed columns are written, never read
GRANT SELECT (id, project_id, url, place, provider, provider_url, provider_namespace, provider_project_id,
	provider_options, has_credentials, has_token, ref_include, ref_exclude, overwrites, overwrites_once,
	is_asked, shown_url, is_thin, active, last_fingerprint, attempted_at, pushed_at, audited_at, failures, error_class,
	error_text, partials, n_conflicts, n_refused, conflicts, created_at, updated_at) ON hub.target
	TO mirrorhub_web;
GRANT INSERT (id, project_id, url, provider, provider_url, provider_namespace, provider_options,
	ref_include, ref_exclude, overwrites, is_thin, active, sealed_credentials, sealed_token),
	UPDATE (url, provider, provider_url, provider_namespace, provider_project_id, provider_options,
	ref_include, ref_exclude, overwrites, is_thin, active, sealed_credentials, sealed_token,
	last_fingerprint, failures, error_class, error_text, updated_at), DELETE ON hub.target
	TO mirrorhub_web;
GRANT USAGE ON SEQUENCE hub.target_id_seq TO mirrorhub_web;
GRANT SELECT (of_hub), INSERT (of_hub, shown_url) ON hub.target TO mirrorhub_web;
GRANT EXECUTE ON FUNCTION hub.removal_ask TO mirrorhub_web;
GRANT SELECT ON hub.target_ref TO mirrorhub_web;
GRANT EXECUTE ON FUNCTION hub.target_place, hub.targets_due, hub.target_push TO mirrorhub_web;

GRANT EXECUTE ON FUNCTION hub.project_access, hub.project_access_of_account, hub.projects_touched, hub.projects_shared,
	hub.request_sync TO mirrorhub_web;

-- what administrators see at a glance
GRANT SELECT (stale_since) ON hub.mirror TO mirrorhub_web;
GRANT SELECT (failures) ON hub.manifest TO mirrorhub_web;
GRANT SELECT ON hub.host TO mirrorhub_web;
GRANT SELECT (host_id) ON hub.mirror TO mirrorhub_web;
GRANT EXECUTE ON FUNCTION hub.host_word, hub.host_slots, hub.host_most, hub.host_try TO mirrorhub_web;

-- the list of repositories
GRANT SELECT ON SEQUENCE hub.listing_seq TO mirrorhub_web;
GRANT UPDATE (listed_fingerprint, listed_generation) ON hub.store TO mirrorhub_web;

-- those who watch
GRANT EXECUTE ON FUNCTION hub.metrics, hub.schema_version TO mirrorhub_web;

-- ---------------------------------------------------------------- sync

GRANT SELECT ON hub.auth_failure, hub.store, hub.project, hub.mirror, hub.queue, hub.job, hub.run,
	hub.worker, hub.counter, hub.platform, hub.repository, hub.repository_project, hub.arch TO mirrorhub_sync;

GRANT INSERT, DELETE ON hub.auth_failure TO mirrorhub_sync;         -- it cleans up
GRANT SELECT (created_at, seen_at), DELETE ON hub.session TO mirrorhub_sync;
GRANT EXECUTE ON FUNCTION hub.session_ends, hub.session_holds TO mirrorhub_sync;
GRANT UPDATE (fingerprint, generation, size_bytes, head, damaged), DELETE ON hub.store TO mirrorhub_sync;
GRANT UPDATE (updated_at) ON hub.project TO mirrorhub_sync;         -- to lock a row takes a right
GRANT UPDATE (latest_version, last_attempt_at, last_success_at, last_change_at, failures,
	error_class, error_text) ON hub.mirror TO mirrorhub_sync;
GRANT UPDATE, DELETE ON hub.job TO mirrorhub_sync;
GRANT INSERT, DELETE ON hub.run TO mirrorhub_sync;
GRANT INSERT, UPDATE, DELETE ON hub.worker TO mirrorhub_sync;
GRANT UPDATE ON hub.counter TO mirrorhub_sync;
GRANT INSERT ON hub.event TO mirrorhub_sync;
GRANT USAGE, SELECT ON SEQUENCE hub.fence_seq TO mirrorhub_sync;

-- hosts, probes, and when a mirror is due
GRANT SELECT, UPDATE, DELETE ON hub.host TO mirrorhub_sync;
GRANT SELECT, UPDATE ON hub.pace TO mirrorhub_sync;
GRANT UPDATE (changes_micro, seen_s) ON hub.mirror TO mirrorhub_sync;
GRANT EXECUTE ON FUNCTION hub.mirror_options, hub.guard_sees, hub.guard_clear, hub.guard_finish,
	hub.probes_moved, hub.targets_due, hub.target_lock, hub.target_finish, hub.job_due, hub.job_take,
	hub.host_slots, hub.host_most, hub.host_room, hub.host_note, hub.hosts_note, hub.pace_note, hub.probe_pass,
	hub.probe_finish, hub.probe_release, hub.probe_hand_over TO mirrorhub_sync;

GRANT EXECUTE ON FUNCTION hub.job_was_due, hub.store_verified TO mirrorhub_sync;
GRANT EXECUTE ON FUNCTION hub.job_claim, hub.job_renew, hub.job_release, hub.job_finish,
	hub.job_reap, hub.job_pass, hub.job_fences_running, hub.package_places, hub.package_branches,
	hub.package_put TO mirrorhub_sync;

-- those who watch
GRANT EXECUTE ON FUNCTION hub.watch_pass, hub.runs_count, hub.probes_count TO mirrorhub_sync;

-- lists of upstreams
GRANT EXECUTE ON FUNCTION hub.manifest_claim, hub.manifest_put, hub.manifest_done TO mirrorhub_sync;
-- an index is made of it
GRANT EXECUTE ON FUNCTION hub.manifest_place TO mirrorhub_web, mirrorhub_sync;

-- what others are told
GRANT SELECT, INSERT ON hub.sync_refs TO mirrorhub_sync;
GRANT SELECT, DELETE, UPDATE (done, lease_until) ON hub.hook_task TO mirrorhub_sync;
GRANT EXECUTE ON FUNCTION hub.webhook_claim, hub.webhook_finish, hub.hook_claim, hub.outbox_clean
	TO mirrorhub_sync;

-- what a mirror takes over, what is held, what was taken back
GRANT SELECT (mode, ref_include, ref_exclude, prunes, allow_rewrite, kept_count, kept_days, most_bytes,
	most_objects, most_refs, most_blob_bytes, options_version, taken_version, upstream_fingerprint,
	held_fingerprint, held_at, held_findings, approved_fingerprint, rejected_fingerprint, decided_at,
	decided_by, notices, moved_to), UPDATE (mode, ref_include, ref_exclude, prunes, allow_rewrite, kept_count, kept_days,
	most_bytes, most_objects, most_refs, most_blob_bytes) ON hub.mirror TO mirrorhub_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON hub.mirror_pin TO mirrorhub_web;
GRANT EXECUTE ON FUNCTION hub.guard_decide TO mirrorhub_web;
GRANT SELECT ON hub.mirror_pin TO mirrorhub_sync;
GRANT EXECUTE ON FUNCTION hub.mirror_options, hub.guard_sees, hub.guard_clear, hub.guard_finish
	TO mirrorhub_sync;

-- where projects are pushed on to
GRANT SELECT ON hub.target, hub.target_ref TO mirrorhub_sync;
GRANT EXECUTE ON FUNCTION hub.targets_due, hub.target_note, hub.target_made, hub.target_finish
	TO mirrorhub_sync;

GRANT SELECT ON hub.removal TO mirrorhub_sync;
GRANT EXECUTE ON FUNCTION hub.removal_claim, hub.removal_finish TO mirrorhub_sync;

-- looking after stores
GRANT UPDATE (upkeep_at, upkeeps, upkeep_ms) ON hub.store TO mirrorhub_sync;
GRANT EXECUTE ON FUNCTION hub.audit_claim, hub.audit_finish, hub.stores_missing TO mirrorhub_sync;

-- pushes that nobody has told of
GRANT SELECT, DELETE ON hub.push_intent TO mirrorhub_sync;
GRANT EXECUTE ON FUNCTION hub.push_record TO mirrorhub_sync;
