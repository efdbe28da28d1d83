"""What the teachers cost, and the cap that all stages of a work folder share.

``work/ledger.json`` holds an entry for each stage, written under a lock. Before a request is sent
the most that it can cost is set aside; when its reply comes, what it did cost takes that place. So
neither stages side by side nor killed ones lead past the cap. A stage sets aside for several
requests at once, since a transaction for each would take longer than the request.
"""

import asyncio
import contextlib
import fcntl
import json
import math
import os
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from limbeck import config
from limbeck.errors import UserError
from limbeck.files import read_json, write_json

AT_ONCE = 16  # requests that one transaction sets dollars aside for
TEMPLATE = 256  # tokens that a chat template may add to a request
UNLIMITED = 131_072  # output tokens of a request that names no limit
PAUSE = 0.05  # seconds between two looks whether dollars came free


@dataclass(slots=True)
class Entry:
    """A stage's account, in dollars."""

    paid: float = 0.0  # for replies
    uncertain: float = 0.0  # for requests without a reply, which may have been billed
    held: float = 0.0  # for requests that are or will be sent
    batches: dict[str, float] = field(default_factory=dict)  # for submitted batches, by name
    replies: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    @property
    def spent(self) -> float:
        """What is gone, for certain or perhaps."""
        return self.paid + self.uncertain

    @property
    def committed(self) -> float:
        """What is gone or set aside."""
        return self.spent + self.held + sum(self.batches.values())


def path(work: Path) -> Path:
    """The ledger of a work folder."""
    return work / "ledger.json"


def read(ledger: Path) -> dict[str, Entry]:
    """The accounts by the stages' journals; none where there is no ledger.

    Raises:
        UserError: the file is no ledger.
    """
    if not ledger.exists():
        return {}
    try:
        return {name: Entry(**fields) for name, fields in read_json(ledger).items()}
    except (TypeError, AttributeError):
        raise UserError(f"{ledger}: not a ledger; move it away to begin a new one") from None


def price(connection: config.Connection, prompt_tokens: float, completion_tokens: float) -> float:
    """Dollars of so many tokens, by the usual way or in batches; 0 where no price is known."""
    if connection.price is None:
        return 0.0
    tokens = prompt_tokens * connection.price.input + completion_tokens * connection.price.output
    return tokens / 1e6 * (connection.batch.price if connection.batch else 1.0)


@contextlib.contextmanager
def _changed(ledger: Path) -> Iterator[dict[str, Entry]]:
    """The accounts, to be changed in place; one process at a time."""
    ledger.parent.mkdir(parents=True, exist_ok=True)
    with ledger.with_suffix(".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        entries = read(ledger)
        yield entries
        write_json(ledger, {name: asdict(entry) for name, entry in entries.items()})


class Account:
    """A stage's account. Its journal is locked by this process, so nobody else writes its entry.

    Where the teacher costs nothing, no method does anything and no file is written.
    """

    def __init__(self, work: Path, journal: Path, connection: config.Connection) -> None:
        """The account of the stage that keeps ``journal``."""
        self.ledger = path(work)
        self.name = str(journal)
        self.connection = connection
        self.budget = connection.budget
        self.free = not price(connection, 1e6, 1e6)
        self.refused: float | None = None  # dollars of the request that the budget does not allow
        self.cost = 0.0  # of the replies since this was opened
        self._entry = Entry()
        self._in_flight = 0.0
        self._others_hold = False  # a living stage may still give back what it set aside

    def __enter__(self) -> Self:
        if not self.free:
            with _changed(self.ledger) as entries:
                self._entry = entries.setdefault(self.name, Entry())
                # A killed process cannot say what became of its requests.
                self._entry.uncertain += self._entry.held
                self._entry.held = 0.0
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self.free:
            self._entry.uncertain += self._in_flight
            self._in_flight = 0.0
            self._exchange(lambda room: 0.0)

    def bound(self, body: dict[str, Any]) -> float:
        """The most that a request can cost: no token is shorter than a byte."""
        if self.free:
            return 0.0
        named = [body.get(name) for name in ("max_tokens", "max_completion_tokens")]
        limits = [limit for limit in named if limit is not None]
        size = len(json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"))
        # Some take -1 for no limit.
        known = limits and all(isinstance(limit, int) and limit > 0 for limit in limits)
        most = max(limits) if known else UNLIMITED
        replies = max(1, *(_count(body.get(name)) for name in ("n", "best_of")))
        return price(self.connection, size + TEMPLATE, most * replies)

    async def reserve(self, dollars: float) -> bool:
        """Set dollars aside for a request; False when the budget does not allow it.

        While other requests are under way, of this stage or another, this waits: they may cost
        less than what is set aside for them.
        """
        while not self.take(dollars):
            if not self._in_flight and not self._others_hold:
                self.refused = dollars
                return False
            await asyncio.sleep(PAUSE)
        return True

    def take(self, dollars: float) -> bool:
        """Set dollars aside if that is possible now."""
        if self.free:
            return True
        needed = self._in_flight + dollars
        if self._entry.held < needed:

            def most(room: float) -> float:
                ahead = needed + dollars * (AT_ONCE - 1)
                return max(needed, min(room, ahead)) if room >= needed else self._in_flight

            self._exchange(most)
        if self._entry.held < needed:
            return False
        self._in_flight = needed
        return True

    def settle(self, reserved: float, prompt_tokens: int = 0, completion_tokens: int = 0) -> None:
        """A reply came for a request that dollars were set aside for."""
        if self.free:
            return
        known = prompt_tokens or completion_tokens  # else the endpoint does not count tokens
        tokens = (prompt_tokens, completion_tokens)
        dollars = price(self.connection, *tokens) if known else reserved
        self._entry.paid += dollars
        self._entry.replies += 1
        self._entry.prompt_tokens += prompt_tokens
        self._entry.completion_tokens += completion_tokens
        self.cost += dollars
        self._release(reserved, dollars)

    def fail(self, reserved: float, billed: bool) -> None:
        """No reply came; ``billed``: the endpoint may have worked, and count it."""
        if self.free:
            return
        self._entry.uncertain += reserved if billed else 0.0
        self._release(reserved, reserved if billed else 0.0)

    def _release(self, reserved: float, dollars: float) -> None:
        # Rounded: what floating-point numbers leave over is no request in flight.
        self._in_flight = max(0.0, round(self._in_flight - reserved, 12))
        self._entry.held = max(0.0, round(self._entry.held - dollars, 12))

    def room(self) -> float:
        """Dollars that are neither gone nor set aside by any stage."""
        if self.free or self.budget is None:
            return math.inf
        return self.budget - sum(entry.committed for entry in read(self.ledger).values())

    def submit(self, batch: str, dollars: float) -> bool:
        """Set dollars aside for a batch, until `finish`; False when the budget does not allow it.

        Once they are, this does nothing more.
        """
        if self.free or batch in self._entry.batches:
            return True
        if not self.take(dollars):
            return False
        self._entry.batches[batch] = dollars
        self._release(dollars, dollars)
        self._exchange(lambda room: self._in_flight)
        return True

    def leave_batches(self) -> None:
        """From now on requests are sent one by one, at their usual price."""
        self.connection = self.connection.model_copy(update={"batch": None})

    def give_up(self, under_way: Collection[str]) -> None:
        """Count all batches but those ``under_way`` as perhaps billed: nobody fetches them."""
        lost = self._entry.batches.keys() - set(under_way)
        if lost:
            self._entry.uncertain += sum(self._entry.batches.pop(name) for name in lost)
            self._exchange(lambda room: self._in_flight)

    def finish(self, batch: str, usages: list[tuple[int, int]]) -> None:
        """A batch is over; ``usages``: prompt and completion tokens of each of its replies."""
        held = self._entry.batches.pop(batch, None)
        if held is None:
            return
        for usage in usages:
            self.settle(held / len(usages), *usage)
        self._exchange(lambda room: self._in_flight)

    def _exchange(self, hold: Callable[[float], float]) -> None:
        """Write this stage's entry; ``hold``: dollars to set aside, of the room under the cap."""
        with _changed(self.ledger) as entries:
            others = sum(entry.committed for name, entry in entries.items() if name != self.name)
            self._entry.held = 0.0
            cap = math.inf if self.budget is None else self.budget
            self._entry.held = hold(cap - others - self._entry.committed)
            entries[self.name] = self._entry
            # In the same transaction, or all stages could refuse while the dollars change hands.
            self._others_hold = any(
                entry.held > 0 and name != self.name and _lives(Path(name))
                for name, entry in entries.items()
            )

    def refusal(self, done: int, total: int) -> str:
        """What is done and what raising the cap would cost, in one line."""
        entries = read(self.ledger)
        spent = sum(entry.spent for entry in entries.values())
        under_way = sum(sum(entry.batches.values()) for entry in entries.values())
        mine = [self._entry] if self._entry.replies else list(entries.values())
        replies = sum(entry.replies for entry in mine)
        each = sum(entry.paid for entry in mine) / replies if replies else self.refused or 0.0
        missing = (total - done) * each
        # The last request needs what it can cost, not what it does.
        last = self.refused or 0.0
        committed = sum(entry.committed for entry in entries.values())
        enough = math.ceil(100 * (committed + missing + last)) / 100
        batches = f" (and up to ${under_way:,.2f} for batches under way)" if under_way else ""
        name = Path(self.name)
        return (
            f"the budget of ${self.budget:,.2f} is spent: ${spent:,.4f} by all stages{batches}; "
            f"{name.parent.name}/{name.stem} has {done:,} of {total:,} replies, "
            f"the other {total - done:,} would cost about ${missing:,.4f}: set budget to {enough} "
            "or more for them and run again, nothing is lost (limbeck plan tells of all stages)"
        )


def _count(value: object) -> int:
    return value if isinstance(value, int) else 1


def _lives(journal: Path) -> bool:
    """Whether a process holds a journal, whose lock ends with its holder."""
    try:
        file = os.open(journal.with_name(journal.name + ".lock"), os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(file)
