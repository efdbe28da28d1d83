"""Files as inputs of rules: those on this machine that a config names, and manifests."""

import re
from functools import cache
from pathlib import Path
from typing import Any

from limbeck.config import BUILTIN, HUB
from limbeck.errors import UserError

CHECKPOINTS = ("base", "student", "thinking")  # forms of a student that are no GGUF file


def option(name: str, paths: Any) -> list[str]:
    """An option of a command with its files; nothing where there are none."""
    return [name, *paths] if paths else []


def of_language(wildcards: Any, name: str, on: object) -> list[str]:
    """A file of a language's results as a rule's input; nothing where it is not wanted."""
    return [f"results/{wildcards.language}/{name}"] if on else []


def manifest(path: str) -> str:
    """The manifest of a folder or a GGUF file of this build."""
    return f"{path.removesuffix('.gguf')}.manifest.json"


def local_files(*sources: str | None) -> list[str]:
    """The files of those sources that are on this machine, folders opened, as a rule's input.

    A corrected file makes stale what was read from it.

    Raises:
        UserError: Snakemake would take a part of a file's name for a wildcard.
    """
    named = {source for source in sources if source and source not in (BUILTIN, HUB)}
    found = sorted({file for source in named for file in _files(source)})
    for file in found:
        if re.search(r"\{.*\}", file):
            raise UserError(f"{file}: braces in a name are wildcards to Snakemake: rename the file")
    return found


@cache
def _files(source: str) -> list[str]:
    """Walks a folder once for all languages; hidden files and backups are none of the data."""
    path = Path(source).expanduser()
    return [
        str(file)
        for file in (path.rglob("*") if path.is_dir() else [path])
        if file.is_file()
        and not file.name.endswith("~")
        and not any(part.startswith(".") for part in file.relative_to(path).parts)
    ]
