-- Where projects are pushed on to.

SET LOCAL search_path = hub;
