-- Main platforms by name (platforms_for_build, and what lies on disk), past everyone's personal one.

CREATE INDEX platform_main_name ON hub.platform (lower(name)) WHERE platform_type = 'main';

-- The members of one platform or repository, of both kinds: for lists, and when it is deleted.
CREATE INDEX platform_grant_platform ON hub.platform_grant (platform_id);
CREATE INDEX repository_grant_repository ON hub.repository_grant (repository_id);
