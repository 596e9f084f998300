-- What a mirror takes over, and what waits for approval.

SET LOCAL search_path = hub;
