-- The Hub's push notices (POST /api/push): what lets one in that nobody stands behind.

-- What the sender of a notice signs it with (X-Hub-Signature-256). Sealed with the web's key.
ALTER TABLE hub.mirror ADD COLUMN push_secret text;

-- Notices by the number that their sender gave them, so that one that comes twice counts once. Kept
-- for a day.
CREATE TABLE hub.push_delivery (
	project_id bigint NOT NULL REFERENCES hub.project ON DELETE CASCADE,
	delivery   text COLLATE "C" NOT NULL CHECK (octet_length(delivery) BETWEEN 1 AND 100),
	at         timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (project_id, delivery)
);
CREATE INDEX push_delivery_at ON hub.push_delivery (project_id, at);
