"""What all tests stand on."""

import os
import signal
from typing import Any

import pytest

from limbeck import stage

# A shell that starts the tests in the background has them ignore Ctrl-C, and so would every
# process that they start; some of them are there to be interrupted.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Workers stand beside each other, one a core.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("GOMP_SPINCOUNT", stage.SPINS)  # what a stage does, for libraries loaded here

# A stage goes offline for the rest of its process once its model is a folder. Here many stages run
# in one process, and the next test may be one of the hub.
_OFFLINE = os.environ.get("HF_HUB_OFFLINE")


@pytest.fixture(autouse=True)
def _as_online_as_at_the_start() -> None:
    if _OFFLINE is None:
        os.environ.pop("HF_HUB_OFFLINE", None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A folder's tests go to one worker, so that what they share is made once.

    Those of the world, which are half of all work, share no more than a module, or a hub that is
    there in seconds.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByWhatIsShared(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            path, _, _ = nodeid.partition("::")
            if path == "tests/world/test_presets.py":
                return nodeid
            return path if path.startswith("tests/world/") else path.rpartition("/")[0]

    return ByWhatIsShared(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first: whoever ends early takes one of the small ones."""
    items.sort(key=lambda item: "tests/world/" not in item.nodeid)
