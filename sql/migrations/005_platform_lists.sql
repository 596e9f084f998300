-- Main platforms by name (platforms_for_build, and what lies on disk), past everyone's personal one.

CREATE INDEX platform_main_name ON hub.platform (lower(name)) WHERE platform_type = 'main';
