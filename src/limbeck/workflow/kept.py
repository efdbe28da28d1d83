"""Finished results, kept under ``work/made/`` by the digest of all that decides them.

An entry is a folder that is named by its key: a hard link (a copy, on another file system) of each
file of the outputs, and a record of what they were made from. It appears by one rename, so that
none is ever half there, whoever is killed; of two processes that keep the same, the first wins.
Linked files cost nothing while the results have them; files are replaced, never written into.
"""

import contextlib
import errno
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path("work/made")

# Read again before they are put back: what somebody may have edited in place. Weights are larger,
# and nobody edits them; for those the size has to do.
_CHECKED = 32 * 2**20
_ABANDONED = 3600.0  # seconds after which a half-made entry has lost its process
_OWN = frozenset({".snakemake_timestamp"})  # Snakemake's, in a folder that a rule made


@dataclass(frozen=True, slots=True)
class Entry:
    """One kept result."""

    folder: Path
    used: float  # seconds since the epoch
    size: int  # bytes
    alone: int  # bytes that are here and not in the results any more

    @property
    def record(self) -> dict[str, Any]:
        """What was made, from what, and how long it took; nothing where it cannot be read."""
        try:
            found: dict[str, Any] = json.loads((self.folder / "record.json").read_bytes())
        except (OSError, ValueError):
            return {}
        return found


def file_digest(path: Path | str) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files(path: Path) -> dict[str, Path]:
    """The files of an output by their paths inside it; a file itself by an empty one."""
    if not path.is_dir():
        return {"": path}
    found = (file for file in sorted(path.rglob("*")) if file.is_file() and file.name not in _OWN)
    return {str(file.relative_to(path)): file for file in found}


def keep(key: str, outputs: Sequence[str], record: Mapping[str, Any]) -> bool:
    """Keep the outputs of a finished stage; False where they are kept already.

    Raises:
        OSError: they cannot be written (a full disk); nothing is left behind.
    """
    if (FOLDER / key).is_dir():
        return False
    FOLDER.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=FOLDER, prefix=".new-"))
    try:
        sizes: list[dict[str, tuple[int, str]]] = []
        for number, output in enumerate(outputs):
            found = files(Path(output))
            sizes.append({name: _measure(file) for name, file in found.items()})
            for name, file in found.items():
                _link(file, temporary / str(number) / name)
        content = {"outputs": list(outputs), "made": time.time(), **record, "files": sizes}
        (temporary / "record.json").write_text(json.dumps(content, indent=1), encoding="utf-8")
        temporary.chmod(0o755)
        try:
            temporary.rename(FOLDER / key)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                raise
            return False  # another process was faster
        return True
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def fetch(key: str, outputs: Sequence[str]) -> dict[str, Any] | None:
    """Put kept outputs in their places and give their record; None where they are not kept.

    An entry that is not what it was when it was kept is removed.
    """
    entry = Entry(FOLDER / key, 0.0, 0, 0)
    record = entry.record
    if not record:
        return None
    try:
        kept = [entry.folder / str(number) for number in range(len(outputs))]
        if not _sound(kept, record["files"]):
            remove(entry)
            return None
        for number, output in enumerate(outputs):
            put(kept[number], list(record["files"][number]), Path(output))
        os.utime(entry.folder)
    except OSError:  # removed by another process at this moment, or there is no room
        return None
    return record


def in_place(record: Mapping[str, Any]) -> bool:
    """Whether the outputs that a record tells of are in their places, as they were."""
    return _sound(list(map(Path, record["outputs"])), record["files"])


def entries() -> Iterator[Entry]:
    """All that is kept, longest unused first."""
    found = []
    for folder in FOLDER.iterdir() if FOLDER.is_dir() else ():
        if folder.name.startswith("."):
            continue
        try:
            used = folder.stat().st_mtime
            inside = (file for file in folder.rglob("*") if file.name != "record.json")
            parts = [os.lstat(file) for file in inside if not file.is_dir()]
        except FileNotFoundError:
            continue
        alone = sum(part.st_size for part in parts if part.st_nlink == 1)
        found.append(Entry(folder, used, sum(part.st_size for part in parts), alone))
    yield from sorted(found, key=lambda entry: entry.used)


def sweep() -> None:
    """Remove what a killed process left half made."""
    for half in FOLDER.glob(".*"):
        with contextlib.suppress(FileNotFoundError):  # it was finished at this moment
            if time.time() - half.stat().st_mtime > _ABANDONED:
                shutil.rmtree(half, ignore_errors=True)


def prune(limit: float) -> int:
    """Remove the longest unused until what is kept beside the results is ``limit`` bytes at most.

    Gives the bytes that were freed. To be called when a run has put back what it needs: results
    that somebody deleted are kept here alone.
    """
    found = list(entries())
    total, freed = sum(entry.alone for entry in found), 0
    for entry in found:
        if total - freed <= limit:
            break
        if entry.alone:
            remove(entry)
            freed += entry.alone
    return freed


def remove(entry: Entry) -> None:
    """Remove an entry; no other process sees a part of it."""
    gone = Path(tempfile.mkdtemp(dir=FOLDER, prefix=".old-"))
    with contextlib.suppress(FileNotFoundError):  # another process was faster
        entry.folder.rename(gone / entry.folder.name)
    shutil.rmtree(gone, ignore_errors=True)


def _measure(file: Path) -> tuple[int, str]:
    """The size, and the digest where it is looked at again."""
    size = file.stat().st_size
    return size, file_digest(file) if size <= _CHECKED else ""


def _sound(places: Sequence[Path], parts: list[dict[str, tuple[int, str]]]) -> bool:
    for place, part in zip(places, parts, strict=True):
        for name, (size, digest) in part.items():
            file = place / name
            if not file.is_file() or file.stat().st_size != size:
                return False
            if digest and file_digest(file) != digest:
                return False
    return True


def _link(source: Path, target: Path) -> None:
    """A hard link to a file, or a copy of it; a symbolic link stays one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target, follow_symlinks=False)
    except FileNotFoundError:
        raise
    except OSError:  # another file system, or one without hard links
        shutil.copy2(source, target, follow_symlinks=False)


def put(kept: Path, names: list[str], output: Path) -> None:
    """Put one output in its place: made whole under another name first, then renamed."""
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=f".{output.name}.") as beside:
        whole = Path(beside) / "whole"
        for name in names:
            _link(kept / name, whole / name)
        if output.is_dir():
            shutil.rmtree(output)
        whole.replace(output)
