-- Numbers and states for those who watch the hub.

SET LOCAL search_path = hub;
