"""R-38: programs of a running hub are killed at random moments, while upstreams change, people push and
clone, and refs are read without a pause (G10, G16: all old or all new, never a mixture).

The seed is printed; FAULTS_SEED=n repeats its choices, FAULTS_KILLS=1000 makes it long."""

import os
import random

import pytest

from fixtures.chaos import Chaos
from fixtures.receiver import Receiver

HUB_CONF = {"sync.workers": 2, "sync.lease_s": 4, "sync.poll_s": 1, "webhook.schemes": "https http",
            "webhook.senders": 1, "guard.allow_rewrite": "yes"}


def test_R38_kills_at_random_moments_leave_old_or_new_and_nothing_else(hub, upstream, capsys):
    seed = int(os.environ.get("FAULTS_SEED") or random.SystemRandom().randrange(1 << 31))
    with Receiver() as receiver:
        chaos = Chaos(hub, upstream, receiver, seed)
        try:
            chaos.run(int(os.environ.get("FAULTS_KILLS", "60")))
            chaos.check()
        except BaseException as error:
            pytest.fail("%s: %s" % (chaos, error))
        finally:
            chaos.close()
        with capsys.disabled():
            print("R-38:", chaos)
