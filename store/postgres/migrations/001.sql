-- Datestamps are seconds since 1970, UTC. Hashes are SHA-256. "S2" is one S2 block: what comes is packed already, so the server packs
-- nothing again (STORAGE EXTERNAL).

-- "version" of this schema, "secret", "created": numbers are decimal.
CREATE TABLE meta (
	key   text COLLATE "C" PRIMARY KEY,
	value bytea NOT NULL
);

-- The clock H, the datestamp of the first item ever (0: none yet), and how many items live and are deleted. One row, which is
-- written by every transaction: its page keeps room for the versions that follow.
CREATE TABLE clock (
	id      integer PRIMARY KEY CHECK (id = 1),
	hwm     bigint NOT NULL,
	first   bigint NOT NULL DEFAULT 0,
	live    bigint NOT NULL DEFAULT 0,
	deleted bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 10);

-- Ids are given out by who holds the lock of the clock's row. Narrow rows: a list of headers reads nothing else.
CREATE TABLE item (
	id        bigint PRIMARY KEY,
	datestamp bigint NOT NULL,
	due       bigint NOT NULL,  -- when it must be rendered again; 0: never
	revision  integer NOT NULL, -- of the crosswalks that rendered it
	deleted   boolean NOT NULL,
	local     text COLLATE "C" NOT NULL UNIQUE,
	sets      text COLLATE "C" NOT NULL, -- own setSpecs, sorted, parted by one blank; a set that another one implies is not named
	formats   text COLLATE "C" NOT NULL, -- prefixes that it has, or had when it was deleted; sorted, parted by one blank
	gone      text COLLATE "C" NOT NULL, -- prefixes that it had once and has no more: served as deleted
	hash      bytea NOT NULL             -- of the sets and every record
) WITH (fillfactor = 90);
CREATE INDEX item_due ON item (due) WHERE due <> 0 AND NOT deleted;
CREATE INDEX item_revision ON item (revision) WHERE NOT deleted;

-- Large ones lie beside the table, so that reading a hash, which each write does, costs no page for itself.
CREATE TABLE article (
	item bigint PRIMARY KEY,
	hash bytea NOT NULL,
	json bytea NOT NULL -- S2
);
ALTER TABLE article ALTER json SET STORAGE EXTERNAL, ALTER hash SET STORAGE PLAIN;

-- A list that a harvester may ask for: one format, whole (spec '') or in one set.
CREATE TABLE list (
	id     integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	prefix text COLLATE "C" NOT NULL,
	spec   text COLLATE "C" NOT NULL,
	UNIQUE (prefix, spec)
);

CREATE TABLE entry (
	datestamp bigint NOT NULL,
	item      bigint NOT NULL,
	list      integer NOT NULL,
	deleted   boolean NOT NULL,
	local     text COLLATE "C" NOT NULL,
	PRIMARY KEY (list, datestamp, local) INCLUDE (item, deleted)
);

-- list is that of the whole format. A row stays whole in its page while it fits (toast_tuple_target). The room that fillfactor leaves in each page lets small records gather in pages of their own
-- instead of filling what large ones leave: a harvest of Dublin Core then does not read the pages of JATS.
CREATE TABLE record (
	item     bigint NOT NULL,
	list     integer NOT NULL,
	size     integer NOT NULL,             -- of the metadata, when they are packed; 0: they are not
	sets     text COLLATE "C" NOT NULL, -- as in item
	hash     bytea NOT NULL,            -- of the metadata; empty: deleted
	metadata bytea,                     -- as served, or one S2 block of that; NULL: deleted
	PRIMARY KEY (list, item)
) WITH (toast_tuple_target = 8160, fillfactor = 80);
ALTER TABLE record ALTER metadata SET STORAGE EXTERNAL, ALTER hash SET STORAGE PLAIN;

-- How many entries a list has in each bucket; a bucket of a level holds 128 of the level below, of which level 0 is one second.
CREATE TABLE tally (
	bucket bigint NOT NULL,
	n      bigint NOT NULL,
	list   integer NOT NULL,
	level  integer NOT NULL,
	PRIMARY KEY (list, level, bucket)
) WITH (fillfactor = 50);

CREATE TABLE alias (
	item bigint NOT NULL,
	key  text COLLATE "C" PRIMARY KEY,
	name text COLLATE "C" -- NULL: the key is the name
);
CREATE INDEX alias_item ON alias (item);

CREATE TABLE source (
	item bigint NOT NULL,
	seq  integer NOT NULL, -- of the item's sources the latest has the highest
	name text COLLATE "C" NOT NULL,
	type text COLLATE "C" NOT NULL,
	sum  bytea NOT NULL, -- of the bytes as they came
	data bytea NOT NULL, -- S2
	PRIMARY KEY (item, seq)
);
ALTER TABLE source ALTER data SET STORAGE EXTERNAL, ALTER sum SET STORAGE PLAIN;
CREATE INDEX source_sum ON source (substr(sum, 1, 8));

CREATE TABLE setinfo (
	spec        text COLLATE "C" PRIMARY KEY,
	name        text NOT NULL,
	description text NOT NULL
);

CREATE TABLE token (
	id      text COLLATE "C" PRIMARY KEY,
	name    text COLLATE "C" NOT NULL,
	hash    bytea NOT NULL, -- of the secret
	write   boolean NOT NULL,
	created bigint NOT NULL,
	used    bigint NOT NULL,
	revoked bigint NOT NULL -- 0: it is good
);
CREATE UNIQUE INDEX token_name ON token (name) WHERE revoked = 0;
