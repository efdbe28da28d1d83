"""The stand-in world, for all tests of a run."""

from collections.abc import Iterator

import pytest

from world import start


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[start.World]:
    """The hub."""
    with start.serving(tmp_path_factory.mktemp("world")) as running:
        yield running
