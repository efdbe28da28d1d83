"""Start the stand-in world: its hub with all repositories, a teacher, and what commands need."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import endpoint
from world import bases, hub, rows
from world.teacher import Manners, Teacher

# What a person exports: the key of a teacher, and the token of an account on the hub.
SECRETS = {"OPENROUTER_API_KEY": "sk-or-of-the-tests", "HF_TOKEN": hub.MEMBER}


@dataclass(frozen=True)
class World:
    """The running stand-ins."""

    hub: hub.Hub
    home: Path  # of the hub's client, empty at first

    def environment(self) -> dict[str, str]:
        """Where the hub is, and where its client keeps what it read."""
        return {
            "HF_ENDPOINT": self.hub.url, "HF_HOME": str(self.home), "HF_HUB_DISABLE_XET": "1"
        }  # fmt: skip


@contextmanager
def serving(folder: Path) -> Iterator[World]:
    """The hub, whose repositories are written into a folder first."""
    repositories, gated = {}, {}
    bases.write(folder / "hub")
    for entry in rows.repositories():
        place = folder / "hub" / entry.repository
        if entry.kind == "dataset":
            place.mkdir(parents=True)
            rows.write(entry, place)
        repositories[entry.repository] = {entry.revision: place}
        if entry.gated:
            gated[entry.repository] = entry.gated
    with hub.serving(repositories, gated) as served:
        yield World(served, folder / "home")


@contextmanager
def teaching(manners: Manners | None = None) -> Iterator[Teacher]:
    """A teacher."""
    with endpoint.running(Teacher(manners or Manners())) as served:
        yield served
