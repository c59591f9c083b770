-- Entries are kept by class and set instead of format and set, tombstones have no record, and rare records lie in bundles.

-- Formats that have records of their own. The one with no name is the bundle.
CREATE TABLE format (
	id     INTEGER PRIMARY KEY,
	prefix TEXT NOT NULL UNIQUE
);
INSERT INTO format (id, prefix) SELECT id, prefix FROM list WHERE spec = '';
INSERT INTO format (prefix) VALUES ('');

-- record.id is (format.id) << 36 | item.id from now on, which it was; the deleted have none, and their sets are in item.
DELETE FROM record WHERE metadata IS NULL;

ALTER TABLE list RENAME TO old_list;
ALTER TABLE entry RENAME TO old_entry;

-- What a harvester asks for is made of these: items of one class, whole (spec '') or in one set. A class is the formats that items have: words parted
-- by one blank, with a "-" before those that are tombstones.
CREATE TABLE list (
	id    INTEGER PRIMARY KEY,
	class TEXT NOT NULL,
	spec  TEXT NOT NULL,
	UNIQUE (spec, class)
);

CREATE TABLE entry (
	list      INTEGER NOT NULL,
	datestamp INTEGER NOT NULL,
	local     TEXT NOT NULL,
	item      INTEGER NOT NULL,
	PRIMARY KEY (list, datestamp, local)
) WITHOUT ROWID;

-- The class of each item, and one format by whose entries its sets are known.
CREATE TABLE old_item AS SELECT id,
	trim(iif(deleted AND formats <> '', '-' || replace(formats, ' ', ' -'), formats) || ' ' || iif(gone <> '', '-' || replace(gone, ' ', ' -'), '')) AS class,
	substr(trim(formats || ' ' || gone) || ' ', 1, instr(trim(formats || ' ' || gone) || ' ', ' ') - 1) AS prefix
	FROM item;
CREATE UNIQUE INDEX old_item_id ON old_item (id);

INSERT INTO list (class, spec) SELECT DISTINCT i.class, l.spec
	FROM old_entry e JOIN old_list l ON l.id = e.list JOIN old_item i ON i.id = e.item AND i.prefix = l.prefix;
INSERT INTO entry (list, datestamp, local, item) SELECT n.id, e.datestamp, e.local, e.item
	FROM old_entry e JOIN old_list l ON l.id = e.list JOIN old_item i ON i.id = e.item AND i.prefix = l.prefix JOIN list n ON n.class = i.class AND n.spec = l.spec
	ORDER BY 1, 2, 3;
DROP TABLE old_item;
DROP TABLE old_entry;
DROP TABLE old_list;

DELETE FROM tally;
INSERT INTO tally (list, level, bucket, n) SELECT list, 0, datestamp, count(*) FROM entry GROUP BY 1, 3;
INSERT INTO tally (list, level, bucket, n) SELECT list, 1, bucket >> 7, sum(n) FROM tally WHERE level = 0 GROUP BY 1, 3;
INSERT INTO tally (list, level, bucket, n) SELECT list, 2, bucket >> 7, sum(n) FROM tally WHERE level = 1 GROUP BY 1, 3;
INSERT INTO tally (list, level, bucket, n) SELECT list, 3, bucket >> 7, sum(n) FROM tally WHERE level = 2 GROUP BY 1, 3;
