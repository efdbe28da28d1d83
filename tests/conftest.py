"""What all tests stand on."""

import os
import signal

import pytest

# A shell that starts the tests in the background has them ignore Ctrl-C, and so would every
# process that they start; some of them are there to be interrupted.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A stage goes offline for the rest of its process once its model is a folder. Here many stages run
# in one process, and the next test may be one of the hub.
_OFFLINE = os.environ.get("HF_HUB_OFFLINE")


@pytest.fixture(autouse=True)
def _as_online_as_at_the_start() -> None:
    if _OFFLINE is None:
        os.environ.pop("HF_HUB_OFFLINE", None)
