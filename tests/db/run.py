#!/usr/bin/python3
"""Runs test programs against a private PostgreSQL: run.py PROGRAM...

A cluster in a folder of its own, on a unix socket alone; the schema once, by `mirrorhub migrate`;
a database per program, cloned from it. The program finds host and database in MIRRORHUB_TEST_DB and
adds the role. Started by root, PostgreSQL runs as the user postgres."""

import glob
import os
import shutil
import signal
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TEMPLATE = "hub_template"
# Nothing here outlives the run, so nothing has to reach the disk.
OPTIONS = ("-c listen_addresses= -c fsync=off -c full_page_writes=off -c synchronous_commit=off "
	   "-c autovacuum=off -c max_connections=40 -c shared_buffers=32MB")
TIMEOUT_S = 600  # it hangs; a machine may be busy with other things


def pg_program(name):
	found = sorted(glob.glob("/usr/lib/postgresql/*/bin/" + name))
	if not found:
		sys.exit(f"run.py: PostgreSQL's {name} is not installed (tests/packages)")
	return found[-1]


def as_postgres(*command):
	if os.getuid() != 0:
		return list(command)
	return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", *command]


class Cluster:
	def __init__(self, folder):
		self.folder = folder
		self.data = os.path.join(folder, "pg")
		self.log = os.path.join(folder, "log")
		if os.getuid() == 0:
			shutil.chown(folder, "postgres", "postgres")
		os.chmod(folder, 0o755)

	def control(self, *arguments):
		subprocess.run(as_postgres(pg_program("pg_ctl"), "-s", "-D", self.data, *arguments),
			       check=True, cwd="/")

	def start(self):
		subprocess.run(as_postgres(pg_program("initdb"), "-D", self.data, "-U", "postgres", "-E", "UTF8",
					   "--locale=C.UTF-8", "-A", "trust", "--no-sync"),
			       check=True, cwd="/", stdout=subprocess.DEVNULL)
		self.control("-w", "-l", self.log, "-o", f"-k {self.folder} {OPTIONS}", "start")

	def stop(self):
		self.control("-m", "immediate", "stop")

	def sql(self, *arguments):
		subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-U", "postgres",
				"-d", "postgres", *arguments], check=True, stdout=subprocess.DEVNULL)

	def make_template(self, build):
		conf = os.path.join(self.folder, "mirrorhub.conf")
		with open(conf, "w", encoding="utf-8") as f:
			f.write(f"db.admin = host={self.folder} dbname={TEMPLATE} user=mirrorhub_owner\n")
		self.sql("-f", os.path.join(TOP, "sql", "cluster.sql"))
		self.sql("-c", f"CREATE DATABASE {TEMPLATE} OWNER mirrorhub_owner")
		subprocess.run([os.path.join(build, "mirrorhub"), "--conf", conf, "migrate", "--sql",
				os.path.join(TOP, "sql")], check=True, stdout=subprocess.DEVNULL)

	def run(self, program):
		"""The exit code of one program in a database of its own."""
		name = "test_" + os.path.basename(program)
		self.sql("-c", f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} OWNER mirrorhub_owner")
		env = dict(os.environ, MIRRORHUB_TEST_DB=f"host={self.folder} dbname={name}")
		return subprocess.run([program], env=env, timeout=TIMEOUT_S, check=False).returncode


def build_of(program):
	"""build/san/tests/db/x is of build/san."""
	return os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(program))))


def main(programs):
	failed = []
	signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
	folder = tempfile.mkdtemp(prefix="mirrorhub-db-", dir="/tmp")  # short: a socket's path ends at 107
	cluster = Cluster(folder)
	try:
		cluster.start()
		try:
			cluster.make_template(build_of(programs[0]))
			failed = [p for p in programs if cluster.run(p) != 0]
		finally:
			cluster.stop()
	finally:
		shutil.rmtree(folder, ignore_errors=True)
	for program in failed:
		print("failed:", program)
	return 1 if failed else 0


if __name__ == "__main__":
	if len(sys.argv) < 2:
		sys.exit(__doc__)
	sys.exit(main(sys.argv[1:]))
