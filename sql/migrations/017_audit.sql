-- When stores were last looked at as a whole.

SET LOCAL search_path = hub;
