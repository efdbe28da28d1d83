"""What every stage's command line has in common."""

import argparse
import errno
import json
import sys
from collections.abc import Callable
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from limbeck.errors import UserError

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
    try:
        main()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(0)
    except OSError as error:
        if error.filename is None and error.errno not in _OF_A_DISK:
            raise
        where = f"{error.filename}: " if error.filename is not None else ""
        print(f"error: {where}{error.strerror}", file=sys.stderr)
        sys.exit(1)
