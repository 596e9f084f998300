-- What a hub of version 001 may hold: each table, each state of a job, each kind of owner, names in
-- both cases, texts that are not ASCII. For test_migrate.py: later migrations run on these rows.

INSERT INTO hub.account (uname, first_name, last_name, email, password_hash, role, active) VALUES
  ('root', '', '', '', '$argon2id$x', 'admin', true),
  ('Bob', 'Bob', 'Größe', 'Bob@example.com', '$2b$x', 'user', true),
  ('eve', 'Eve', '', 'eve@example.com', '', 'user', false),
  ('builder', '', '', '', '', 'system', true), ('qa', '', '', '', '', 'tester', true),
  ('spam', '', '', '', '', 'banned', true);
INSERT INTO hub.account_email VALUES (2, 'bob@second.example');
INSERT INTO hub.token (account_id, hash, prefix, description, scope, expires_at)
  VALUES (2, sha256('x'), 'abcdef', 'ci', 1, now() + interval '1 day'), (1, sha256('y'), '012345', '', 3, NULL);
INSERT INTO hub.team (uname, owner_account_id, description) VALUES ('Makers', 2, 'who make'), ('empty', 1, '');
INSERT INTO hub.team_member VALUES (1, 2, 3), (1, 3, 1), (1, 5, 2);
INSERT INTO hub.auth_failure (key) VALUES ('account:bob'), ('network:192.0.2.0');
INSERT INTO hub.store (fingerprint, generation, size_bytes, damaged)
  SELECT sha256(g::text::bytea), g, g * 1000, g = 9 FROM generate_series(1, 9) g;
INSERT INTO hub.project (path, owner_account_id, owner_team_id, default_access, description, is_mirror, store_id)
  VALUES ('icyleaf-hpr', 1, NULL, 1, '', true, 1), ('Bob/Editor', 2, NULL, 0, 'größer', false, 2),
  ('makers/tools', NULL, 1, 2, '', false, 3), ('a/b/c', 2, NULL, 3, '', true, 4),
  ('makers/mirror', NULL, 1, 0, '', true, 5), ('dead', 3, NULL, 1, '', true, 6),
  ('paused', 1, NULL, 1, '', true, 7), ('run', 1, NULL, 1, '', true, 8);
INSERT INTO hub.project (path, owner_account_id, store_id, alias_of) VALUES ('bob/alias', 2, 2, 2);
INSERT INTO hub.project_grant (project_id, account_id, team_id, access)
  VALUES (2, 3, NULL, 1), (2, NULL, 1, 2), (1, 6, NULL, 0);
INSERT INTO hub.mirror (project_id, url, sealed_credentials, mirror_url, interval_s, paused, latest_version,
    last_attempt_at, last_success_at, failures, error_class, error_text)
  VALUES (1, 'https://github.com/icyleaf/hpr.git', NULL, NULL, NULL, false, 'v1', now(), now(), 0, '', ''),
  (4, 'ssh://git@host/a/b', '1:sealed', 'https://elsewhere/x.git', 600, false, '', now(), NULL, 3, 'auth', 'no'),
  (5, 'git://host/x', NULL, NULL, NULL, false, '', NULL, NULL, 0, '', ''),
  (6, 'https://gone/x', NULL, NULL, NULL, false, '', now(), NULL, 9, 'gone', 'gone'),
  (7, 'https://host/p', NULL, NULL, NULL, true, '', NULL, NULL, 0, '', ''),
  (8, 'https://host/r', NULL, NULL, NULL, false, '', NULL, NULL, 0, '', '');
INSERT INTO hub.job (kind, project_id, store_id, state, run_at, attempts, worker, fence, lease_until, started_at, phase)
  VALUES ('sync', 1, NULL, 'scheduled', now() + interval '1 h', 0, NULL, 1, NULL, NULL, ''),
  ('sync', 4, NULL, 'retry', now(), 3, NULL, 2, NULL, NULL, ''),
  ('sync', 5, NULL, 'queued', '-infinity', 0, NULL, 0, NULL, NULL, ''),
  ('sync', 6, NULL, 'dead', now(), 9, NULL, 3, NULL, NULL, ''),
  ('sync', 8, NULL, 'running', now(), 0, 'h:1:x', nextval('hub.fence_seq'), now(), now(), 'fetching'),
  ('remove_store', NULL, 9, 'queued', '-infinity', 0, NULL, 0, NULL, NULL, '');
INSERT INTO hub.run (project_id, fence, worker, started_at, outcome, error_class)
  VALUES (1, 101, 'h:1:x', now(), 'changed', ''), (6, 102, 'h:1:x', now(), 'failed', 'gone');
INSERT INTO hub.worker (name) VALUES ('h:1:x');
INSERT INTO hub.event (actor, action, object) VALUES ('root', 'project.create', 'icyleaf-hpr'), ('', 'x', '');
