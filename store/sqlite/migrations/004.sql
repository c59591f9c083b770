-- What others keep of their way through the changes, by name (store.Mark).
CREATE TABLE mark (
	name  TEXT PRIMARY KEY,
	value BLOB NOT NULL
) WITHOUT ROWID;
