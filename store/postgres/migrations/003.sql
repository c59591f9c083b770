-- What others keep of their way through the changes, by name (store.Mark).
CREATE TABLE mark (
	name  text COLLATE "C" PRIMARY KEY,
	value bytea NOT NULL
);
