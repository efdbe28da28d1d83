"""The command ``limbeck clean``."""

import argparse
import time
from collections import defaultdict
from typing import Any

from limbeck.workflow import kept, stray

Subparsers = Any  # argparse keeps the name of its type to itself


def add_to(commands: Subparsers) -> None:
    """Add the command to a parser's subparsers; it sets ``run``."""
    words = "Show what no target needs of results/, work/ and kept results; remove it if told."
    command = commands.add_parser("clean", help=words, description=words)
    what = command.add_mutually_exclusive_group()
    what.add_argument("--unneeded", action="store_true", help="remove what results/ has no more")
    what.add_argument("--all", action="store_true", help="remove all that is kept")
    what.add_argument("--stray", action="store_true", help="remove what the last build leaves out")
    command.set_defaults(run=clean)


def clean(options: argparse.Namespace) -> int:
    """Show or remove what no target needs, and what is kept."""
    if options.stray:
        return _clean_stray()
    entries = list(kept.entries())
    # A file that the results have, too, is one and the same; the rest is of earlier configs.
    unneeded = [entry for entry in entries if entry.alone]
    if options.all or options.unneeded:
        removed = entries if options.all else unneeded
        for entry in removed:
            kept.remove(entry)
        print(f"{len(removed)} results removed, {_size(sum(e.alone for e in removed))} freed")
        return 0
    _show_stray()
    print(f"{kept.FOLDER}: {len(entries)} results, {_size(sum(e.size for e in entries))}")
    if not unneeded:
        print("all of them are in results/, too, and take no room of their own")
        return 0
    total = _size(sum(entry.alone for entry in unneeded))
    print(f"{len(unneeded)} are of earlier states and in no target any more, {total}:")
    of_rule: dict[str, list[kept.Entry]] = defaultdict(list)
    for entry in unneeded:
        of_rule[str(entry.record.get("rule", "?"))].append(entry)
    for rule, found in sorted(of_rule.items()):
        used = time.strftime("%Y-%m-%d", time.localtime(max(entry.used for entry in found)))
        size = _size(sum(entry.alone for entry in found))
        print(f"  {rule:24}{len(found):5}{size:>12}  last used {used}")
    print("`limbeck clean --unneeded` removes them, `--all` all that is kept")
    return 0


def _show_stray() -> None:
    if not stray.BUILD.is_file():
        return
    found = stray.folders()
    if not found:
        print("results/ and work/: all of it belongs to the last build")
        return
    print("the last build leaves out:")
    for folder, files in found.items():
        size = _size(sum(file.stat().st_size for file in files))
        print(f"  {folder!s:40}{len(files):5} files{size:>12}")
    print("`limbeck clean --stray` removes them")


def _clean_stray() -> int:
    found = stray.folders()
    files = [file for part in found.values() for file in part]
    freed = sum(file.stat().st_size for file in files if file.stat().st_nlink == 1)
    stray.remove(files)
    print(f"{len(files)} files of {len(found)} folders removed, {_size(freed)} freed")
    return 0


def _size(count: float) -> str:
    return f"{count / 1e6:,.1f} MB"
