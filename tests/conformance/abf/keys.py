"""OpenPGP keys for the tests, made by gpg: never real ones."""

import functools
import shutil
import tempfile

from fixtures.run import clean_env, run


@functools.lru_cache(None)
def pair(name="signer", passphrase=""):
    """(public, secret), ASCII-armoured. The same name gives the same pair."""
    home = tempfile.mkdtemp(prefix="mh-gpg-", dir="/tmp")
    argv = ["gpg", "--homedir", home, "--batch", "--quiet", "--pinentry-mode", "loopback",
            "--passphrase", passphrase]
    try:
        def gpg(*args):
            return run(argv + list(args), env=clean_env(home)).stdout
        gpg("--quick-gen-key", name + "@example.com", "ed25519", "sign", "never")
        return gpg("--armor", "--export"), gpg("--armor", "--export-secret-keys")
    finally:
        run(["gpgconf", "--homedir", home, "--kill", "gpg-agent"], check=False)
        shutil.rmtree(home, ignore_errors=True)
