"""How fast a GGUF file is served on this machine, through our own client.

    python benchmarks/local_server.py --model SmolLM2-135M-Instruct.Q4_1.gguf

Requests of the forms that the stages send, half of them for JSON with a schema, by our client; the
server is started before the time is taken.
"""

import argparse
import tempfile
import time
from pathlib import Path

from limbeck.config import Connection, TeacherSettings
from limbeck.generation.asking import items_model
from limbeck.teacher.client import Request, ask
from limbeck.teacher.server import Server

TOPICS = ("bread", "rain", "a bicycle", "the liver", "letters", "goats", "a lease", "stars")


def requests(count: int) -> list[Request]:
    """Requests for a list of three, and for an answer, by turns."""
    found = []
    for number in range(count):
        about = f"{TOPICS[number % len(TOPICS)]} ({number})"
        ask_for = ("Reply with JSON: a list of three things about", "Write some sentences about")
        text = f"{ask_for[number % 2]} {about}."
        form = None if number % 2 else items_model("Things", 3)
        found.append(Request([{"role": "user", "content": text}], form))
    return found


def main() -> None:
    """Print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="a GGUF file")
    parser.add_argument("--requests", type=int, default=32)
    parser.add_argument("--max-tokens", type=int, default=100)
    parser.add_argument("--parallel", help="requests that the server answers at once")
    options = parser.parse_args()
    parallel = ["--parallel", options.parallel] if options.parallel else []
    teacher = TeacherSettings(
        model=options.model, temperature=0.7, top_p=None, max_tokens=options.max_tokens,
        structured="auto", extra_body={},
    )  # fmt: skip
    local = Connection(
        server="llama_cpp", server_args=parallel, url=None, api_key_env=None,
        concurrency=64, timeout=600.0, retries=2, idle=5.0,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder, Server(teacher, local, Path(folder)) as place:
        work = Path(folder)
        place.url()
        start = time.monotonic()
        replies = ask(requests(options.requests), teacher, local, work / "journal.jsonl", work)
        seconds = time.monotonic() - start
    tokens = sum(reply.completion_tokens for reply in replies)
    usable = sum(reply.failure in (None, "length") for reply in replies)
    asked = [reply for number, reply in enumerate(replies) if number % 2 == 0]
    lists = sum(reply.value is not None for reply in asked)
    print(
        f"{len(replies)} replies ({usable} usable, {lists} of {len(asked)} lists) in "
        f"{seconds:.1f} s: {tokens / seconds:.0f} tokens/s"
    )


if __name__ == "__main__":
    main()
