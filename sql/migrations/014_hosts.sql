-- Whom we ask.

SET LOCAL search_path = hub;
