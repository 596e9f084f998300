-- What only a superuser can make: the three roles. Run by hand (docs/admin.md) or by
-- nginx/standalone, again at every start; then: CREATE DATABASE mirrorhub OWNER mirrorhub_owner.
-- Nobody has a password: the programs come over the unix socket and are known by their user.

SELECT format('CREATE ROLE %I LOGIN', name)
FROM unnest(ARRAY['mirrorhub_owner', 'mirrorhub_web', 'mirrorhub_sync']) name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec

-- A worker that hangs must not hold back vacuum, and a lock must not hold a request.
ALTER ROLE mirrorhub_web SET idle_in_transaction_session_timeout = '10s';
ALTER ROLE mirrorhub_web SET statement_timeout = '5s';
ALTER ROLE mirrorhub_web SET lock_timeout = '2s';
ALTER ROLE mirrorhub_sync SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE mirrorhub_sync SET statement_timeout = '60s';
ALTER ROLE mirrorhub_sync SET lock_timeout = '10s';

-- Names mean ours, whatever a session finds elsewhere.
ALTER ROLE mirrorhub_owner SET search_path = hub, admin, pg_temp;
ALTER ROLE mirrorhub_web SET search_path = hub, pg_temp;
ALTER ROLE mirrorhub_sync SET search_path = hub, pg_temp;

-- Short statements only: compiling them, or helpers for them, costs more than it gives.
ALTER ROLE mirrorhub_web SET jit = off;
ALTER ROLE mirrorhub_web SET max_parallel_workers_per_gather = 0;
-- Each statement was written for one plan. Planned for its parameters, a deep page of a list becomes
-- a scan and a sort of everything.
ALTER ROLE mirrorhub_web SET plan_cache_mode = force_generic_plan;
ALTER ROLE mirrorhub_sync SET jit = off;
ALTER ROLE mirrorhub_sync SET max_parallel_workers_per_gather = 0;
