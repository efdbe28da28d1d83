"""Start the stand-in world: its hub with all repositories, a teacher, and what commands need."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import endpoint
from world import bases, hub, rows
from world.teacher import Manners, Teacher


@dataclass(frozen=True)
class World:
    """The running stand-ins."""

    hub: hub.Hub
    home: Path  # of the hub's client, empty at first

    def environment(self, token: str | None = hub.MEMBER) -> dict[str, str]:
        """What a person has set: the hub's address and token, and a teacher's key."""
        found = {
            "HF_ENDPOINT": self.hub.url,
            "HF_HOME": str(self.home),
            "HF_HUB_DISABLE_XET": "1",
            "OPENROUTER_API_KEY": "sk-or-of-the-tests",
        }
        return found | ({"HF_TOKEN": token} if token else {})


@contextmanager
def serving(folder: Path, models: Collection[str] = tuple(bases.MODELS)) -> Iterator[World]:
    """The hub, whose repositories are written into a folder first: all data, and these models."""
    repositories, gated = {}, {}
    for entry in rows.repositories():
        if entry.kind == "model" and entry.repository not in models:
            continue
        place = folder / "hub" / entry.repository
        if entry.kind == "dataset":
            place.mkdir(parents=True)
            rows.write(entry, place)
        else:
            bases.write(entry.repository, place)
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
