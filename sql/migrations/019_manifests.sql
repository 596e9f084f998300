-- Lists of repositories that a host publishes.

SET LOCAL search_path = hub;
