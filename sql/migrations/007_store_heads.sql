-- Stores that are older than the column head (003): plain ones began with main, whatever was pushed
-- since. A sync or a push tells where this is not so.

UPDATE hub.store SET head = 'main';
