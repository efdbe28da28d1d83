"""How fast is a teacher's client? Against a local endpoint that answers after a fixed time.

    python benchmarks/teacher.py --json results.json
    python benchmarks/teacher.py --peers FOLDER --json results.json

Clients: limbeck (journal on) and those of its peers (benchmarks/peers.py) that the folder has an
environment of: FOLDER/openai (pip install openai==3.54.0), FOLDER/curator
(bespokelabs-curator==0.1.31), FOLDER/distilabel (distilabel[openai]==1.5.3). Each measurement is a
process of its own, the endpoint is another; clients take turns, so that a busy machine is busy for
all. The JSON file holds the medians:
``{client: {in_flight: {"replies_per_s": ..., "cpu_ms_per_reply": ...}}}``. ``--faults`` puts the
endpoint behind a bad network (10% 429 with Retry-After: 1, 5% 500, 2% dropped connections, 2%
malformed, 2% truncated) and also counts the rows that came.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENDPOINT = HERE.parent / "tests" / "endpoint.py"
Figures = dict[str, float]
FILLER = "neno " * 100  # prompts of about 500 characters


def limbeck(url: str, prompts: list[str], in_flight: int) -> int:
    """The rows that came through `limbeck.teacher.client.ask`, its journal in a fresh folder."""
    from limbeck import config
    from limbeck.teacher.client import Request, ask

    settings = config.TeacherSettings(
        model="teacher",
        temperature=1.0,
        top_p=None,
        max_tokens=100,
        structured="json_schema",
        extra_body={},
    )
    connection = config.Connection(
        server=None,
        url=url,
        api_key_env=None,
        concurrency=in_flight,
        timeout=60.0,
        retries=8,
        idle=60.0,
    )
    requests = [Request([{"role": "user", "content": prompt}]) for prompt in prompts]
    with tempfile.TemporaryDirectory() as folder:
        replies = ask(requests, settings, connection, Path(folder) / "journal.jsonl")
    return sum(reply.failure is None for reply in replies)


CLIENTS = ("limbeck", "openai", "curator", "distilabel")


@contextmanager
def endpoint(latency: float, faults: bool) -> Iterator[str]:
    """The URL of an endpoint in a process of its own."""
    command = [sys.executable, str(ENDPOINT), "--latency", str(latency)]
    command += ["--faults"] if faults else []
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, **pipes, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split()[-1]
        finally:
            process.terminate()


def client(name: str) -> Callable[[str, list[str], int], int]:
    """A function from an endpoint, prompts and a number in flight to the rows that came."""
    if name == "limbeck":
        return limbeck
    import peers

    return getattr(peers, name)  # type: ignore[no-any-return]


def measure(name: str, url: str, count: int, in_flight: int) -> Figures:
    """Measure one client in this process."""
    ask = client(name)
    prompts = [f"question {number} {FILLER}" for number in range(count)]
    ask(url, prompts[:1], 1)  # imports and first calls are not the matter here
    start, cpu = time.perf_counter(), sum(os.times()[:4])
    rows = ask(url, prompts[1:], in_flight)
    seconds = time.perf_counter() - start
    return {
        "replies_per_s": rows / seconds,
        "cpu_ms_per_reply": 1000 * (sum(os.times()[:4]) - cpu) / max(1, rows),
        "seconds": seconds,
        "rows": rows,
    }


def interpreter(peers: Path, name: str) -> Path:
    """The Python of a peer's environment."""
    return peers / name / "bin" / "python"


def measured(name: str, in_flight: int, count: int, options: argparse.Namespace) -> Figures:
    """Measure one client in a process of its own, against a fresh endpoint."""
    with endpoint(options.latency, options.faults) as url:
        python = sys.executable if name == "limbeck" else interpreter(options.peers, name)
        command = [python, __file__, "--one", url, "--clients", name]
        command += ["--in-flight", str(in_flight), "--requests", str(count)]
        printed = subprocess.run(
            command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ).stdout
    figures: Figures = json.loads(printed.splitlines()[-1])
    return figures


def medians(runs: list[Figures]) -> Figures:
    """The median of each figure."""
    return {name: round(statistics.median(run[name] for run in runs), 3) for name in runs[0]}


def compare(clients: list[str], options: argparse.Namespace) -> dict[str, dict[str, Figures]]:
    """The medians of each client at each number in flight."""
    results: dict[str, dict[str, Figures]] = {name: {} for name in clients}
    for in_flight in options.in_flight:
        count = options.requests or int(options.seconds * in_flight / options.latency)
        runs: dict[str, list[Figures]] = {name: [] for name in clients}
        for _ in range(options.repeats):
            for name in clients:
                runs[name].append(measured(name, in_flight, count, options))
        for name in clients:
            figures = results[name][str(in_flight)] = medians(runs[name])
            print(
                f"{name}, {in_flight} in flight: {figures['replies_per_s']:.0f} replies/s, "
                f"{figures['cpu_ms_per_reply']:.2f} ms CPU a reply, {figures['rows']:.0f} of "
                f"{count} rows in {figures['seconds']:.1f} s",
                flush=True,
            )
    return results


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clients", nargs="+", choices=CLIENTS, help="default: all that are there")
    parser.add_argument("--peers", type=Path, help="a folder of environments")
    parser.add_argument("--in-flight", nargs="+", type=int, default=[64, 256])
    parser.add_argument("--latency", type=float, default=0.2, help="seconds (default: 0.2)")
    parser.add_argument("--seconds", type=float, default=6.0, help="ideal length of a run")
    parser.add_argument("--requests", type=int, help="requests of a run, instead of --seconds")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--faults", action="store_true")
    parser.add_argument("--json", type=Path, help="write the medians here")
    parser.add_argument("--one", help=argparse.SUPPRESS)  # url of a single measurement
    options = parser.parse_args()
    if options.one:
        [name], [in_flight] = options.clients, options.in_flight
        print(json.dumps(measure(name, options.one, options.requests + 1, in_flight)))
        return
    installed = [
        name
        for name in CLIENTS
        if name == "limbeck" or (options.peers and interpreter(options.peers, name).exists())
    ]
    for name in options.clients or []:
        if name not in installed:
            parser.error(f"{name} is not installed under --peers {options.peers}")
    results = compare(options.clients or installed, options)
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
