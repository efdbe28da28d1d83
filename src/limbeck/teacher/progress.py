"""What a person sees while a teacher is asked: a bar on a terminal, else a line now and then."""

import asyncio
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

from limbeck.teacher.limits import LONGEST_ASKED

EVERY = 60.0  # seconds between two lines in a log


@dataclass(slots=True)
class Progress:
    """Counts of one call of `limbeck.teacher.client.ask`."""

    total: int
    label: str
    done: int = 0
    journaled: int = 0  # of the done ones, read from the journal
    replies: int = 0  # that the endpoint gave
    tokens: int = 0
    dollars: float = 0.0
    failures: Counter[str] = field(default_factory=Counter)
    retried: Counter[str] = field(default_factory=Counter)
    cut: int = 0  # waits that the endpoint wanted to be longer than they are
    last_error: str = ""  # of the requests that were given up
    _start: float = field(default_factory=time.monotonic)

    def line(self) -> str:
        """The state in one line."""
        rate = self.replies / max(1e-6, time.monotonic() - self._start)
        parts = [f"{self.label}: {self.done:,} of {self.total:,}"]
        if self.journaled:
            parts.append(f"{self.journaled:,} from the journal")
        if self.replies:
            parts.append(f"{rate:,.1f} replies/s")
            parts.append(f"{self.tokens:,} tokens")
            if self.dollars:
                parts.append(self._cost())
            if rate and self.done < self.total:
                parts.append(f"{_duration((self.total - self.done) / rate)} left")
        for name, counts in (("failed", self.failures), ("retried", self.retried)):
            if counts:
                kinds = ", ".join(f"{count:,} {kind}" for kind, count in counts.most_common())
                parts.append(f"{name}: {kinds}")
        if self.cut:
            parts.append(f"{self.cut:,} waits cut to {LONGEST_ASKED:.0f} s")
        if self.last_error:
            parts.append(f"last error: {self.last_error}")
        return ", ".join(parts)

    def _cost(self) -> str:
        """What the replies cost, and while some are missing what all will have cost."""
        paid, wanted = self.done - self.journaled, self.total - self.journaled
        if 0 < paid < wanted:
            return f"${self.dollars:,.4f} of about ${self.dollars * wanted / paid:,.4f}"
        return f"${self.dollars:,.4f}"

    async def show(self) -> None:
        """Show the state until cancelled."""
        if not sys.stderr.isatty():
            while True:
                await asyncio.sleep(EVERY)
                print(self.line(), file=sys.stderr, flush=True)
        from rich.console import Console
        from rich.live import Live
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        with Live(console=Console(stderr=True), transient=True, auto_refresh=False) as live:
            while True:
                row = Table.grid(padding=(0, 1))
                row.add_row(ProgressBar(self.total, self.done, width=24), Text(self.line()))
                live.update(row, refresh=True)
                await asyncio.sleep(0.5)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
