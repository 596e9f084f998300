"""`mirrorhub migrate` on a database that is at work already. One that begins at version 001 goes
through all versions, a migration at a time, and gets rows on the way: rows/NNN.sql is what a hub of
version NNN may hold. (A migration whose tables others will change brings a file of its own.)"""

import os
import re
import shutil
import subprocess
import tempfile

import pytest

from db.run import Cluster
from fixtures.hub import ROOT, build_dir
from fixtures.run import run

SQL = ROOT / "sql"
ROWS = ROOT / "tests" / "db" / "rows"
MIGRATIONS = sorted(path.name for path in (SQL / "migrations").glob("*.sql"))


class Database:
    """One database of the cluster, with a settings file of its own."""

    def __init__(self, cluster, name):
        self.host, self.name = cluster.folder, name
        self.conf = os.path.join(cluster.folder, name + ".conf")
        with open(self.conf, "w", encoding="utf-8") as file:
            file.write("db.admin = %s\n" % self.at())
        cluster.sql("-c", "CREATE DATABASE %s OWNER mirrorhub_owner" % name)

    def at(self):
        return "host=%s dbname=%s user=mirrorhub_owner" % (self.host, self.name)

    def migrate(self, folder):
        """The names of the migrations that ran."""
        said = run([ROOT / build_dir() / "mirrorhub", "--conf", self.conf, "migrate", "--sql", folder]).stderr
        return re.findall(r"^running (\S+)$", said, re.M)

    def psql(self, *args):
        return run(["psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-d", self.at(), *args]).stdout

    def tables(self):
        return self.psql("-c", "SELECT relname FROM pg_class WHERE relkind = 'r'"
                         " AND relnamespace = 'hub'::regnamespace ORDER BY 1").split()

    def columns(self, table):
        return self.psql("-c", "SELECT quote_ident(attname) FROM pg_attribute WHERE attnum > 0"
                         " AND NOT attisdropped AND attrelid = 'hub.%s'::regclass" % table).split()

    def rows(self, table, columns):
        """Those columns of all rows, as sorted lines of text."""
        return sorted(self.psql("-c", "SELECT row(%s)::text FROM hub.%s"
                                % (", ".join(columns), table)).splitlines())

    def schema(self):
        """Tables, functions, rights: all but the rows."""
        said = run(["pg_dump", "--schema-only", "-d", self.at()]).stdout
        return [line for line in said.splitlines() if not re.match(r"\\(un)?restrict ", line)]


@pytest.fixture(scope="module")
def cluster():
    folder = tempfile.mkdtemp(prefix="mirrorhub-db-", dir="/tmp")
    one = Cluster(folder)
    try:
        one.start()
        try:
            one.sql("-f", str(SQL / "cluster.sql"))
            yield one
        finally:
            one.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def new(cluster):
    """A database that never was anything but the newest."""
    one = Database(cluster, "new")
    assert one.migrate(SQL) == MIGRATIONS
    return one


@pytest.fixture(scope="module")
def old(cluster, tmp_path_factory):
    """(database, {version: {(table, columns): rows}}): one that has come from the first version to
    the newest, and what was in it on the way."""
    one = Database(cluster, "old")
    folder, seen = tmp_path_factory.mktemp("sql"), {}
    (folder / "migrations").mkdir()
    for name in ("roles.sql", "admin.sql"):
        (folder / name).write_text("")  # today's know tables that are not there yet
    for name in MIGRATIONS:
        shutil.copy(SQL / "migrations" / name, folder / "migrations")
        assert one.migrate(folder) == [name]
        rows = ROWS / (name[:3] + ".sql")
        if rows.exists():
            one.psql("-f", rows)
            seen[rows.stem] = {(table, columns): one.rows(table, columns) for table in one.tables()
                               for columns in [tuple(one.columns(table))]}
    one.migrate(SQL)
    return one, seen


def test_the_first_version_has_rows_in_every_table(old):
    first = old[1]["001"]
    assert len(first) > 10
    assert [table for (table, _), rows in first.items() if not rows] == []


def test_all_files_of_rows_were_read(old):
    assert sorted(old[1]) == sorted(path.stem for path in ROWS.glob("*.sql"))


def test_what_was_there_reads_as_it_did_in_all_later_versions(old):
    database, seen = old
    for version, tables in seen.items():
        for (table, columns), before in tables.items():
            after = database.rows(table, columns)
            assert [row for row in before if row not in after] == [], (version, table)


def test_an_old_database_ends_with_the_schema_and_the_rights_of_a_new_one(old, new):
    assert old[0].schema() == new.schema()


def test_a_database_that_is_up_to_date_is_left_alone(old):
    before = old[0].schema()
    assert old[0].migrate(SQL) == []
    assert old[0].schema() == before
