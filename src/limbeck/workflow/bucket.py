"""Results in a bucket, from which another machine goes on: `bucket` of the config.

In the bucket stand, by their paths in this folder, the outputs of each finished stage, the journals
of paid replies, and the pages; beside them ``made/{output}.json`` tells under which key a stage's
outputs were made (`limbeck.workflow.once`), and their digests. A stage whose key stands there, and
whose files have the digests that are told, is not run: so an empty folder takes all that its own
config, code and inputs would make, and nothing else.

Snakemake's plugin for S3 moves the files. Its own way, outputs of rules as storage, is not taken:
what settings and code made them is told to the machine alone that made them.
"""

import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from limbeck.errors import UserError
from limbeck.files import write_json, write_text
from limbeck.teacher.journal import state_path
from limbeck.workflow import kept

PLUGIN = "snakemake-storage-plugin-s3==0.3.6"


class Bucket:
    """A place in a bucket. Jobs in threads of one process may use it."""

    def __init__(self, place: str, workflow: Any) -> None:
        """``place`` is a URL such as ``s3://my-bucket/limbeck``; ``workflow`` is Snakemake's."""
        self.place = place.rstrip("/")
        self._registry = workflow.storage_registry
        self._thread = threading.local()
        self._lock = threading.Lock()

    def check(self) -> None:
        """Leave with one line where nothing answers, or keys or the plugin are missing."""
        with _leaving(), self._reached("made"):
            self._object("made", Path()).exists()

    def fetch(self, key: str, outputs: Sequence[str]) -> dict[str, Any] | None:
        """Put a stage's outputs in their places and give their record; None where it has others."""
        told = self._told(outputs)
        if told.get("key") != key:
            return None
        kept.FOLDER.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.FOLDER, prefix=".new-") as folder:
            places = [Path(folder, str(number)) for number in range(len(outputs))]
            for output, place, digests in zip(outputs, places, told["digests"], strict=True):
                for name, digest in digests.items():
                    if ".." in PurePosixPath(name).parts or name.startswith("/"):
                        return None
                    there = self._get(str(Path(output, name)), place / name)
                    if not there or kept.file_digest(place / name) != digest:
                        return None  # somebody deleted it, or another config writes there, too
            for output, place, digests in zip(outputs, places, told["digests"], strict=True):
                kept.put(place, list(digests), Path(output))
        record: dict[str, Any] = told["record"]
        return record

    def keep(self, key: str, outputs: Sequence[str], record: Mapping[str, Any]) -> None:
        """Store the outputs of a finished stage, unless they stand there; what tells of them last.

        ``record`` is what `kept` keeps.
        """
        if self._told(outputs).get("key") == key:
            return
        digests = []
        for output in outputs:
            files = kept.files(Path(output))
            for name, file in files.items():
                self._put(str(Path(output, name)), file)
            digests.append({name: kept.file_digest(file) for name, file in files.items()})
        told = {"key": key, "digests": digests, "record": {"made": time.time(), **record}}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "told.json")
            write_json(path, told)
            self._put(_teller(outputs), path)

    def replies(self, journal: str) -> None:
        """Have the same replies here and there: each place gets the lines that it lacks."""
        path = Path(journal)
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder, "journal")
            theirs = _lines(copy) if self._get(journal, copy) else {}
        ours = _lines(path)
        if missing := [line for line in theirs if line not in ours]:
            path.parent.mkdir(parents=True, exist_ok=True)
            torn = path.is_file() and path.read_bytes()[-1:] not in (b"", b"\n")
            with path.open("ab") as file:
                file.write(b"\n" * torn + b"".join(missing))
        if ours.keys() - theirs.keys():
            self._put(journal, path)

    def take_batches(self, journal: str) -> None:
        """Have the state of the batches that another machine submitted, where none is here."""
        path = state_path(Path(journal))
        if path.exists():
            return
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder, "state")
            if self._get(str(path), copy) and (state := copy.read_text("utf-8")):
                write_text(path, state)

    def leave_batches(self, journal: str) -> None:
        """Store the state of batches whole; an empty one says that none are under way any more."""
        path = state_path(Path(journal))
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder, "state")
            copy.write_bytes(path.read_bytes() if path.exists() else b"")
            self._put(str(path), copy)

    def publish(self, paths: Iterable[str]) -> None:
        """Store files that no stage keeps, as far as they are there; leave with one line else."""
        with _leaving():
            for path in filter(Path.is_file, map(Path, paths)):
                self._put(str(path), path)

    def _told(self, outputs: Sequence[str]) -> dict[str, Any]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "told.json")
            if not self._get(_teller(outputs), path):
                return {}
            try:
                told = json.loads(path.read_bytes())
            except ValueError:
                return {}
            return told if isinstance(told, dict) else {}

    def _get(self, name: str, path: Path) -> bool:
        """Fetch a file to a path; False where there is none."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._reached(name):
            found = self._object(name, path)
            if not found.exists():
                return False
            found.retrieve_object()
        return True

    def _put(self, name: str, path: Path) -> None:
        with self._reached(name):
            self._object(name, path).store_object()

    def _object(self, name: str, path: Path) -> Any:
        """What Snakemake's plugin makes of a file: it is told where that lies on this machine."""
        with self._lock:  # boto3 allows one thread at a time here
            if not hasattr(self._thread, "provider"):
                self._thread.provider = self._registry.register_storage("s3")
        found = self._thread.provider.object(f"{self.place}/{name}")
        found.set_local_path(path)
        return found

    @contextmanager
    def _reached(self, name: str) -> Iterator[None]:
        """Say in one line what could not be reached, and why.

        Raises:
            UserError: for whatever the plugin and its libraries raise.
        """
        try:
            import snakemake_storage_plugin_s3  # noqa: F401
            from boto3.exceptions import Boto3Error
            from botocore.exceptions import BotoCoreError, ClientError
            from snakemake.exceptions import WorkflowError
        except ImportError:
            raise UserError(f"config: bucket: it needs pip install {PLUGIN}") from None
        try:
            yield
        except (Boto3Error, BotoCoreError, ClientError, WorkflowError) as error:
            raise UserError(f"{self.place}/{name}: {error}") from None


@contextmanager
def _leaving() -> Iterator[None]:
    try:
        yield
    except UserError as error:
        sys.exit(f"error: {error}")


def _teller(outputs: Sequence[str]) -> str:
    return f"made/{outputs[0]}.json"


def _lines(path: Path) -> dict[bytes, None]:
    """The whole lines of a file, in its order."""
    lines = path.read_bytes().splitlines(keepends=True) if path.is_file() else []
    return dict.fromkeys(line for line in lines if line.endswith(b"\n"))
