"""How long does a stage take to find its replies again? In a journal, with no endpoint.

    python benchmarks/journal.py --replies 200000

The journal is written by the client's own code in one process; another one, whose seconds and peak
memory are told, asks the same questions and gets every reply from the journal. Its requests and the
replies are in that memory.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from limbeck.config import Connection, TeacherSettings
from limbeck.teacher.client import Request, ask

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from endpoint import connection, serving, teacher

PROMPT, REPLY = "neno " * 100, "jibu " * 60


def questions(count: int) -> list[Request]:
    """Requests of about 500 characters."""
    return [Request([{"role": "user", "content": f"{n} {PROMPT}"}]) for n in range(count)]


def settings(url: str) -> tuple[TeacherSettings, Connection]:
    """A teacher, and a connection with many requests in flight."""
    return teacher(), connection(url, concurrency=256)


def write(journal: Path, count: int) -> None:
    """Have ``count`` questions answered."""
    from endpoint import completion

    with serving(lambda body, before: completion(REPLY)) as endpoint:
        ask(questions(count), *settings(endpoint.url), journal)


def resume(journal: Path, count: int) -> dict[str, float]:
    """Ask them again; the endpoint does not exist."""
    requests = questions(count)
    start = time.perf_counter()
    replies = ask(requests, *settings("http://127.0.0.1:9/v1"), journal)
    seconds = time.perf_counter() - start
    assert len(replies) == count
    assert all(reply.failure is None for reply in replies)
    return {"seconds": round(seconds, 2), "megabytes": round(peak_megabytes())}


def peak_megabytes() -> float:
    """The most memory that this process had; `getrusage` would count its parent's, too."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--replies", type=int, default=200_000)
    parser.add_argument("--resume", type=Path, help=argparse.SUPPRESS)  # the journal to read
    options = parser.parse_args()
    if options.resume:
        print(json.dumps(resume(options.resume, options.replies)))
        return
    with tempfile.TemporaryDirectory() as folder:
        journal = Path(folder) / "journal.jsonl"
        write(journal, options.replies)
        command = [sys.executable, __file__, "--resume", str(journal)]
        command += ["--replies", str(options.replies)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        figures = json.loads(done.stdout.splitlines()[-1])
        size = journal.stat().st_size / 1e6
        print(f"{options.replies} replies, {size:.0f} MB: {figures}")


if __name__ == "__main__":
    main()
