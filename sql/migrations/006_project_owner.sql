-- What an account owns, in the order of its lists (ABF's P1): a page of a long one reads its own rows
-- only.

SET LOCAL search_path = hub;

DROP INDEX project_owner_account;
CREATE INDEX project_owner_account ON project (owner_account_id, id);
