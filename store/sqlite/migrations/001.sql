-- Datestamps are seconds since 1970, UTC. Hashes are SHA-256. "S2" is one S2 block.

CREATE TABLE meta (
	key   TEXT PRIMARY KEY,
	value BLOB NOT NULL
) WITHOUT ROWID;

-- The clock H, the datestamp of the first item ever (0: none yet), and how many items live and are deleted. One row.
CREATE TABLE clock (
	id      INTEGER PRIMARY KEY CHECK (id = 1),
	hwm     INTEGER NOT NULL,
	first   INTEGER NOT NULL DEFAULT 0,
	live    INTEGER NOT NULL DEFAULT 0,
	deleted INTEGER NOT NULL DEFAULT 0
);

-- Narrow rows: a list of headers reads nothing else.
CREATE TABLE item (
	id        INTEGER PRIMARY KEY,
	local     TEXT NOT NULL UNIQUE,
	datestamp INTEGER NOT NULL,
	deleted   INTEGER NOT NULL,
	sets      TEXT NOT NULL, -- own setSpecs, sorted, parted by one blank; a set that another one implies is not named
	formats   TEXT NOT NULL, -- prefixes that it has, or had when it was deleted; sorted, parted by one blank
	gone      TEXT NOT NULL, -- prefixes that it had once and has no more: served as deleted
	hash      BLOB NOT NULL  -- of the sets and every record
);

CREATE TABLE article (
	item INTEGER PRIMARY KEY,
	hash BLOB NOT NULL,
	json BLOB NOT NULL -- S2
);

-- A list that a harvester may ask for: one format, whole (spec '') or in one set.
CREATE TABLE list (
	id     INTEGER PRIMARY KEY,
	prefix TEXT NOT NULL,
	spec   TEXT NOT NULL,
	UNIQUE (prefix, spec)
);

CREATE TABLE entry (
	list      INTEGER NOT NULL,
	datestamp INTEGER NOT NULL,
	local     TEXT NOT NULL,
	item      INTEGER NOT NULL,
	deleted   INTEGER NOT NULL,
	PRIMARY KEY (list, datestamp, local)
) WITHOUT ROWID;

-- id is (list.id of the whole format) << 36 | item.id: found without an index, and the records of one format lie together.
CREATE TABLE record (
	id       INTEGER PRIMARY KEY,
	sets     TEXT NOT NULL, -- as in item
	hash     BLOB NOT NULL, -- of the metadata
	size     INTEGER NOT NULL DEFAULT 0, -- of the metadata, when they are packed; 0: they are not
	metadata BLOB              -- as served, or one S2 block of that; NULL: deleted
);

-- How many entries a list has in each bucket; a bucket of a level holds 128 of the level below, of which level 0 is one second.
CREATE TABLE tally (
	list   INTEGER NOT NULL,
	level  INTEGER NOT NULL,
	bucket INTEGER NOT NULL,
	n      INTEGER NOT NULL,
	PRIMARY KEY (list, level, bucket)
) WITHOUT ROWID;

CREATE TABLE alias (
	name TEXT PRIMARY KEY,
	item INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE source (
	id   INTEGER PRIMARY KEY,
	item INTEGER NOT NULL,
	name TEXT NOT NULL,
	type TEXT NOT NULL,
	sum  BLOB NOT NULL, -- of the bytes as they came
	data BLOB NOT NULL, -- S2
	UNIQUE (item, name)
);
CREATE INDEX source_sum ON source (substr(sum, 1, 8));

CREATE TABLE setinfo (
	spec        TEXT PRIMARY KEY,
	name        TEXT NOT NULL,
	description TEXT NOT NULL
) WITHOUT ROWID;
