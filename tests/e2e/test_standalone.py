"""nginx/standalone and the `mirrorhub` command: what make run, make start and make stop promise."""

import contextlib
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile

import pytest

from fixtures.hub import ROOT, build_dir, free_port
from fixtures.repos import simple
from fixtures.run import run, wait_until

SCRIPT = ROOT / "nginx" / "standalone"
IS_ROOT = os.geteuid() == 0


@pytest.fixture
def folder():
    """A folder that every user may enter."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="mh-", dir="/tmp"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


def standalone(command, var, check=True, before=(), **env):
    """The script as the Makefile calls it; what it said, both streams."""
    env = {**{k: v for k, v in os.environ.items() if "MAKE" not in k}, "VAR": str(var),
           "BUILD": build_dir(), **{k: str(v) for k, v in env.items()}}
    with tempfile.TemporaryFile("w+") as out:  # what stays behind would keep a pipe open
        done = subprocess.run([*before, SCRIPT, command], env=env, stdout=out, stderr=out,
                              stdin=subprocess.DEVNULL, timeout=120)
        out.seek(0)
        text = out.read()
    assert not check or done.returncode == 0, text
    return done.returncode, text


def admin_env(var):
    lines = (var / "admin.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def processes_of(var):
    """Whatever has the folder in its command line, PostgreSQL's too."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(var).encode() in path.read_bytes():
                found.append(path.parent.name)
        except OSError:
            pass
    return found


def users_of(var):
    """User ids of those processes; some end while one looks."""
    found = set()
    for pid in processes_of(var):
        with contextlib.suppress(FileNotFoundError):
            found.add(pathlib.Path("/proc", pid).stat().st_uid)
    return found


def test_a_second_start_finds_its_data_again(hub, upstream):
    repo = simple(upstream.folder / "again.git")
    name = hub.mirror(upstream.url("again.git"))
    token, password, refs = hub.token, hub.password, hub.refs(name)
    assert refs == repo.mirrored()
    hub.restart()
    assert (hub.token, hub.password) == (token, password)
    assert hub.get("/repositories/" + name, (token, "")).status_code == 200
    assert hub.refs(name) == refs


def test_what_died_is_started_again_by_another_start(hub):
    sync = int((hub.var / "run" / "sync.pid").read_text().split()[0])
    os.kill(sync, signal.SIGKILL)
    wait_until(lambda: not hub.pids("mirrorhub-sync"), what="sync and its workers are gone")
    code, text = standalone("status", hub.var, check=False)
    assert code == 3 and re.search(r"^sync +does not run$", text, re.MULTILINE)
    hub.start()
    assert standalone("status", hub.var)[0] == 0


def test_the_secrets_of_a_hub_are_its_own(hub):
    def mode(*path):
        return hub.var.joinpath(*path).stat().st_mode & 0o777
    assert mode("admin.env") == 0o600
    assert hub.var.joinpath("admin.env").stat().st_uid == os.geteuid()
    assert (mode("keys"), mode("keys", "seal.key"), mode("data")) == (0o700, 0o400, 0o750)
    assert (mode("keys", "web.key"), mode("pg")) == (0o400, 0o700)


def test_a_hub_from_before_the_webs_key_gets_one_and_keeps_the_others(hub):
    keys = hub.var / "keys"
    pair = [(keys / name).read_bytes() for name in ("seal.key", "seal.pub")]
    old = (keys / "web.key").read_bytes()
    hub.restart()
    assert (keys / "web.key").read_bytes() == old
    (keys / "web.key").unlink()
    hub.restart()
    assert len((keys / "web.key").read_text()) == 65 and (keys / "web.key").read_bytes() != old
    assert [(keys / name).read_bytes() for name in ("seal.key", "seal.pub")] == pair


def test_nothing_is_left_running_after_a_stop(fresh_hub):
    hub = fresh_hub()
    assert processes_of(hub.var)
    hub.stop()
    assert processes_of(hub.var) == []


@pytest.mark.skipif(not IS_ROOT, reason="only root can become somebody else")
def test_root_runs_nothing_as_root(hub):
    assert {pwd.getpwuid(uid).pw_name for uid in users_of(hub.var)} == {"www-data", "postgres"}


@pytest.mark.skipif(not IS_ROOT, reason="is the other way round as somebody else")
def test_an_ordinary_user_runs_all_of_it(folder):
    games = pwd.getpwnam("games")  # on every Debian, and owns nothing
    os.chown(folder, games.pw_uid, games.pw_gid)
    build = folder / "build"  # the checkout may be where only root can go
    shutil.copytree(ROOT / "nginx", folder / "nginx")
    shutil.copytree(ROOT / "sql", folder / "sql")
    shutil.copytree(ROOT / "cgi" / "web" / "static", folder / "cgi" / "web" / "static")
    build.mkdir()
    for name in ("mirrorhub", "mirrorhub-fcgi", "mirrorhub-render", "mirrorhub-sync",
                 "jira-post-fetch-hook"):
        shutil.copy(ROOT / build_dir() / name, build)
    var, port = folder / "v", free_port()
    argv = ["setpriv", "--reuid=games", "--regid=%d" % games.pw_gid, "--init-groups",
            folder / "nginx" / "standalone"]
    env = {"PATH": os.environ["PATH"], "VAR": str(var), "PORT": str(port), "BUILD": str(build)}
    with open(folder / "out", "w+") as out:
        try:
            assert subprocess.run([*argv, "start"], env=env, stdout=out, stderr=out, cwd="/",
                                  timeout=120).returncode == 0, (folder / "out").read_text()
            assert users_of(var) == {games.pw_uid}
            assert admin_env(var)["MIRRORHUB_URL"] == "http://127.0.0.1:%d" % port
        finally:
            subprocess.run([*argv, "stop"], env=env, stdout=out, stderr=out, cwd="/", timeout=60)
    assert processes_of(var) == []


def test_a_deep_folder_gets_a_short_one_for_its_sockets(folder):
    var = folder / ("a" * 60) / ("b" * 60)
    try:
        standalone("start", var, PORT=free_port())
        run_dir = (var / "run").resolve()
        assert len(str(run_dir)) < 70 and (run_dir / "api.sock").is_socket()
    finally:
        standalone("stop", var)
    assert not run_dir.exists()


@pytest.mark.skipif(not IS_ROOT, reason="root alone has such folders")
def test_a_folder_that_the_programs_cannot_reach_is_refused(folder):
    folder.chmod(0o700)
    code, text = standalone("start", folder / "var", check=False, PORT=free_port())
    assert code != 0 and "cannot be reached by" in text
    assert processes_of(folder) == []


def test_a_port_that_is_taken_is_refused(folder):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        code, text = standalone("start", folder / "var", check=False, PORT=s.getsockname()[1])
    assert code != 0 and "is taken" in text
    assert processes_of(folder) == []


def test_a_wrong_setting_is_named_and_nothing_stays(folder):
    (folder / "extra").write_text("sync.wrokers = 3\n")
    code, text = standalone("start", folder / "var", check=False, PORT=free_port(),
                            CONF_EXTRA=folder / "extra")
    assert code != 0 and "there is no setting sync.wrokers" in text
    assert processes_of(folder) == []


@pytest.mark.parametrize("how", ["Ctrl-C", "make stop"])
def test_make_run_mirrors_shows_how_and_ends_at_ctrl_c(folder, upstream, how):
    simple(upstream.folder / "trial.git")
    var, port = folder / "var", free_port()
    env = dict(os.environ, VAR=str(var), PORT=str(port), BUILD=build_dir(),
               URL=upstream.url("trial.git"))
    out = folder / "out"
    with open(out, "w") as stream:
        # a background job of a script is started deaf to Ctrl-C, and so would be all its children
        child = subprocess.Popen(["env", "--default-signal=INT", SCRIPT, "run"], env=env,
                                 stdout=stream, stderr=stream, stdin=subprocess.DEVNULL,
                                 start_new_session=True)
    try:
        wait_until(lambda: "stays until Ctrl-C" in out.read_text() or child.poll() is not None, 90,
                   out.read_text)
        text, admin = out.read_text(), admin_env(var)
        assert "MIRRORHUB_PASSWORD=" + admin["MIRRORHUB_PASSWORD"] in text
        clone = re.search(r"^ +git clone (\S+)$", text, re.MULTILINE)[1]
        curl = re.search(r"^ +curl (\S+)$", text, re.MULTILINE)[1]
        assert '"status":"idle"' in run(["curl", "-sS", curl]).stdout
        run(["git", "clone", "-q", clone, folder / "clone"])
        if how == "make stop":  # of another terminal: nothing is started again
            run([SCRIPT, "stop"], env=env)
            assert processes_of(var) == [] and child.wait(60) == 0, out.read_text()
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGINT)  # as a terminal does it
        code = child.wait(240)
    assert code == 0, out.read_text()
    assert processes_of(var) == []


def test_packages_that_are_missing_are_asked_for_in_one_line(folder):
    (folder / "packages").write_text("bash\nno-such-package-1\nno-such-package-2\n")
    before = [] if not IS_ROOT else ["setpriv", "--reuid=nobody", "--clear-groups"]
    script = shutil.copy(ROOT / "nginx" / "install-packages", folder)
    (folder / "packages").chmod(0o644)
    done = run([*before, script, folder / "packages"], check=False)
    assert done.returncode == 1
    assert "apt-get install -y no-such-package-1 no-such-package-2\n" in done.stderr
    assert "bash" not in done.stderr
    (folder / "packages").write_text("bash\n")
    assert run([*before, script, folder / "packages"]).stderr == ""


# ---------------------------------------------------------------- the mirrorhub command

def test_a_migration_that_has_changed_since_is_refused(hub, folder):
    shutil.copytree(hub.var / "sql", folder / "sql")
    with open(folder / "sql" / "migrations" / "001_init.sql", "a") as file:
        file.write("-- changed\n")
    done = hub.run_program("mirrorhub", "migrate", "--sql", folder / "sql", check=False)
    assert done.returncode == 1 and "was run in another form" in done.stderr


def test_a_migration_that_fails_leaves_nothing(hub, folder):
    shutil.copytree(hub.var / "sql", folder / "sql")
    version = 1 + hub.one("SELECT max(version) FROM public.hub_migration")
    new = folder / "sql" / "migrations" / ("%03d_half.sql" % version)
    new.write_text("CREATE TABLE hub.half (id bigint);\nSELECT 1 / 0;\n")
    argv = ["migrate", "--sql", folder / "sql"]
    assert hub.run_program("mirrorhub", *argv, check=False).returncode == 1
    assert hub.one("SELECT to_regclass('hub.half')") is None
    assert hub.one("SELECT max(version) FROM public.hub_migration") == version - 1
    new.write_text("CREATE TABLE hub.half (id bigint);\n")
    hub.run_program("mirrorhub", *argv)
    try:
        assert hub.one("SELECT to_regclass('hub.half')") is not None
        # and the hub's own files are now the older ones
        done = hub.run_program("mirrorhub", "migrate", "--sql", hub.var / "sql", check=False)
        assert done.returncode == 1 and "it is newer" in done.stderr
    finally:
        hub.sql("DROP TABLE hub.half")
        hub.sql("DELETE FROM public.hub_migration WHERE version = %s", version)


def test_check_tells_right_from_wrong(hub):
    argv = ["check", "--sql", hub.var / "sql"]
    done = hub.run_program("mirrorhub", *argv)
    assert "[FATAL]" not in done.stdout and done.stdout.count("[OK]") >= 6
    marker = hub.data_dir / "mirrorhub.instance"
    marker.rename(marker.with_suffix(".away"))
    try:
        done = hub.run_program("mirrorhub", *argv, check=False)
        assert done.returncode == 1 and "is the disk mounted?" in done.stdout
    finally:
        marker.with_suffix(".away").rename(marker)


@pytest.mark.parametrize("name", ["seal.key", "web.key"])
def test_check_sees_a_key_that_is_missing_open_or_not_its_users(hub, name):
    def check():
        done = hub.run_program("mirrorhub", "check", "--sql", hub.var / "sql", check=False)
        return done.returncode, [line for line in done.stdout.splitlines() if "[FATAL]" in line]
    key = hub.var / "keys" / name
    owner = key.stat().st_uid
    assert check() == (0, [])
    try:
        key.chmod(0o440)
        code, lines = check()
        assert code == 1 and len(lines) == 1 and "has mode 440, expected 0400" in lines[0]
        key.chmod(0o400)
        if IS_ROOT:
            os.chown(key, 0, -1)
            code, lines = check()
            assert code == 1 and len(lines) == 1 and "belongs to root" in lines[0]
            os.chown(key, owner, -1)
        key.rename(key.with_suffix(".away"))
        code, lines = check()
        assert code == 1 and len(lines) == 1 and "run setup-keys" in lines[0]
    finally:
        if key.with_suffix(".away").exists():
            key.with_suffix(".away").rename(key)
        key.chmod(0o400)
        os.chown(key, owner, -1)
    assert check() == (0, [])


def test_an_account_and_a_token_are_usable_at_once(hub, folder):
    done = hub.run_program("mirrorhub", "create-account", "carol", "--email", "c@example.org",
                          )
    password = done.stdout.strip()
    token = hub.run_program("mirrorhub", "new-token", "carol").stdout.strip()
    hub.hide(password, token)
    assert re.fullmatch("[0-9a-f]{40}", token)
    for auth in (("carol", password), (token, ""), ("", token)):
        assert hub.get("/repositories", auth).status_code == 200
    again = hub.run_program("mirrorhub", "create-account", "Carol", check=False)
    assert again.returncode == 1 and again.stdout == ""


def test_setup_does_not_take_a_folder_that_holds_something(hub, folder):
    data = folder / "data"
    data.mkdir()
    (data / "precious").write_text("mine")
    conf = folder / "mirrorhub.conf"
    conf.write_text((hub.var / "mirrorhub.conf").read_text() + "data.dir = %s\n" % data)
    done = run([ROOT / build_dir() / "mirrorhub", "--conf", conf, "setup-data"], check=False)
    assert done.returncode == 1 and "is not empty" in done.stderr
    assert [p.name for p in data.iterdir()] == ["precious"]


@pytest.mark.parametrize("argv", [
    [], ["--conf"], ["--conf", "x"], ["--conf", "x", "no-such-command"],
    ["--conf", "x", "create-account"], ["--conf", "x", "check", "extra"],
    ["--conf", "x", "new-token", "bob", "--role", "admin"], ["--conf", "x", "migrate", "--sql"],
])
def test_a_wrong_command_line_shows_the_usage(argv):
    done = run([ROOT / build_dir() / "mirrorhub", *argv], check=False)
    assert done.returncode == 2 and done.stdout.startswith("usage:")
