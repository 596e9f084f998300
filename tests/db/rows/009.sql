-- Folders and user groups, besides what 001 brought: nested ones, in capitals, the place of an
-- account, grants to accounts and teams and of nothing, and a team that is switched off.

INSERT INTO hub.folder (path, owner_account_id, default_access, description) VALUES
  ('Group', 1, 1, 'größer'), ('Group/inner', 2, 0, ''), ('Bob', 2, 2, '');
INSERT INTO hub.folder_grant (folder_id, account_id, team_id, access)
  SELECT f.id, v.account_id, v.team_id, v.access FROM hub.folder f,
    (VALUES (3::bigint, NULL::bigint, 0), (5, NULL, 3), (NULL, 1, 2)) v (account_id, team_id, access)
  WHERE f.path = 'Group';
UPDATE hub.team SET active = false, default_access = 0 WHERE uname = 'empty';
INSERT INTO hub.team_grant (team_id, account_id, to_team_id, access)
  VALUES (1, 3, NULL, 3), (1, NULL, 2, 1), (2, 2, NULL, 0);
UPDATE hub.account SET may_create_at_top = false WHERE uname = 'qa';
