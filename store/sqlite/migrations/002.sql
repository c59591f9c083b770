-- When an item must be rendered again: at a moment (0: never), and by which revision of the crosswalks it was.
ALTER TABLE item ADD COLUMN due INTEGER NOT NULL DEFAULT 0;
ALTER TABLE item ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
CREATE INDEX item_due ON item (due) WHERE due <> 0 AND deleted = 0;
CREATE INDEX item_revision ON item (revision) WHERE deleted = 0;

CREATE TABLE token (
	id      TEXT PRIMARY KEY,
	name    TEXT NOT NULL,
	hash    BLOB NOT NULL, -- of the secret
	write   INTEGER NOT NULL,
	created INTEGER NOT NULL,
	used    INTEGER NOT NULL,
	revoked INTEGER NOT NULL -- 0: it is good
);
CREATE UNIQUE INDEX token_name ON token (name) WHERE revoked = 0;
