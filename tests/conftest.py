"""Fixtures of all tests that see the hub from outside.

    hub         one hub for the whole file; HUB_CONF = {"key": value} in the file sets its settings
    fresh_hub   a function: fresh_hub(conf={...}) starts one more, for this test alone;
                env={} and hosts=file as in fixtures/hub.py
    keyring     OpenPGP keys by gpg, for the whole run (fixtures/gpg.py)
    upstream    one misbehaving Git server for the whole file (fixtures/upstream.py)
    sshd        an ssh server whose key the file's hub knows (fixtures/ssh.py)
    name        a project name that no other test of the file uses

Each file has hubs of its own, below /tmp, on free ports: files run in parallel (pytest -n 3).
MIRRORHUB_BUILD says which programs (default build/san); MIRRORHUB_KEEP=1 keeps the folders."""

import contextlib
import fcntl
import re
import subprocess
import zlib

import pytest

from fixtures.gpg import Keyring
from fixtures import ssh
from fixtures.hub import ROOT, build_dir, running, sweep
from fixtures.upstream import Upstream


# Files go to the parallel runs whole and in this order: the long ones first, so that none of them
# is left alone at the end.
LONG = ["test_sync_faults.py", "test_net_safety.py", "test_faults_kills.py", "test_faults_disk.py",
        "test_faults_processes.py", "test_bad_input.py", "test_git_serving.py", "test_mirror_safety.py",
        "test_rows_sync.py", "test_standalone.py", "test_git_speed.py"]


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: LONG.index(item.path.name) if item.path.name in LONG else len(LONG))


@pytest.fixture(scope="session", autouse=True)
def programs():
    """Builds what is under test, once, whoever of the parallel runs comes first."""
    folder = ROOT / build_dir()
    folder.mkdir(parents=True, exist_ok=True)
    argv = ["make", "-s", "-j2", "all"] + (["SAN=1"] if build_dir() == "build/san" else [])
    with open(folder / ".tests.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True)
        sweep()
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@pytest.fixture(scope="module")
def hub(request):
    with running(getattr(request.module, "HUB_CONF", None)) as one:
        yield one


@pytest.fixture
def fresh_hub():
    with contextlib.ExitStack() as hubs:
        yield lambda conf=None, **more: hubs.enter_context(running(conf, **more))


@pytest.fixture(scope="module")
def upstream(tmp_path_factory):
    with Upstream(tmp_path_factory.mktemp("upstream")) as server:
        yield server


@pytest.fixture(scope="module")
def sshd(hub, tmp_path_factory):
    if not ssh.is_there():
        pytest.skip("openssh-server is not installed")
    with ssh.Sshd(tmp_path_factory.mktemp("sshd"), hub) as server:
        yield server


@pytest.fixture(scope="session")
def keyring():
    with Keyring() as keys:
        yield keys


@pytest.fixture
def name(request):
    """Made from the test's own name, short enough and allowed as a project name."""
    words = re.sub(r"[^A-Za-z0-9]+", "-", request.node.name)[:50].strip("-")
    return "%s-%08x" % (words, zlib.crc32(request.node.name.encode()))
