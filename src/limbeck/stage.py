"""What every stage's command line has in common."""

import argparse
import contextlib
import errno
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from limbeck.errors import UserError

# The variable that holds the process of the run that a stage is part of.
RUN = "LIMBECK_RUN"

# So often a thread of libgomp looks whether the others are done before it sleeps; by itself 300,000
# times. What waits for a thread that has lost its core to another process, as stages beside each
# other do, takes the core that this one waits for: benchmarks/README.md.
SPINS = "10000"
_SPINS_OF_LLAMA = "2000"

# What a write says without naming its file: the disk is full, a quota is, a file is too large.
_OF_A_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)

Settings = TypeVar("Settings", bound=BaseModel)


def parser(description: str | None) -> argparse.ArgumentParser:
    """An argument parser that shows a module's docstring as it stands."""
    return argparse.ArgumentParser(
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def json_option(model: type[Settings]) -> Callable[[str], Settings]:
    """An ``argparse`` type: an option's JSON text as a validated ``model``."""

    def convert(text: str) -> Settings:
        try:
            return model.model_validate(json.loads(text))
        except (ValueError, ValidationError) as error:
            raise argparse.ArgumentTypeError(f"{model.__name__}: {error}") from None

    return convert


def run(main: Callable[[], None]) -> None:
    """Run a command: a mistake of its user is one line and exit code 1, Ctrl-C exit code 130.

    A mistake is a `UserError`, or a file that cannot be read or written.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", SPINS)
    if run := os.environ.get(RUN):
        _join(int(run))
    try:
        main()
        sys.stdout.flush()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        if run:  # what broke is no reader's pipe: a stage's output is its log
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # flushed at the end
        sys.exit(0)
    except OSError as error:
        if error.filename is None and error.errno not in _OF_A_DISK:
            raise
        where = f"{error.filename}: " if error.filename is not None else ""
        print(f"error: {where}{error.strerror}", file=sys.stderr)
        sys.exit(1)


def sleep_sooner() -> None:
    """Have llama.cpp's threads sleep yet sooner, which it does not mind; before it is loaded.

    Whoever set another number keeps it.
    """
    if os.environ.get("GOMP_SPINCOUNT", SPINS) == SPINS:
        os.environ["GOMP_SPINCOUNT"] = _SPINS_OF_LLAMA


def _join(run: int) -> None:
    """Have this process be a part of a run.

    It ends when the run's does, however that ends: going on by itself it would write beside the
    next run's, and pay for what nobody waits for. Cut off by a limit, it says so.
    """

    def end_with_it() -> None:
        with contextlib.suppress(ProcessLookupError):
            while True:
                os.kill(run, 0)
                time.sleep(1)
        os._exit(1)

    def cut(number: int, frame: object) -> None:
        name = signal.Signals(number).name
        print(
            f"error: cut off by {name}, as by a time limit; the next run goes on from here",
            file=sys.stderr,
        )
        sys.exit(128 + number)

    threading.Thread(target=end_with_it, daemon=True).start()
    for number in (signal.SIGTERM, signal.SIGXCPU):
        signal.signal(number, cut)
