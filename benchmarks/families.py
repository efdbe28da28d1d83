"""What works with each family of bases: the table in docs/students.md.

    python benchmarks/families.py --table docs/students.md

Of each family a small model of random weights (tests/small_families.py) is trained 40 steps, in
full and with LoRA, exported, held against its checkpoint in llama.cpp on 74 prompts, quantized to
Q8_0 and Q4_K_M, and talked with. The exit code is 1, and the families are named, where anything
failed.

Every call is made in a fork of a process that has the libraries already: Unsloth trains in one, in
the other llama.cpp's files are made and tried. The converter knows a true vocabulary by a hash; it
is told the kind of one that is made on the spot.
"""

import argparse
import contextlib
import io
import json
import multiprocessing
import os
import random
import runpy
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import small_families  # noqa: E402
from limbeck.config import Lora, Training  # noqa: E402
from limbeck.errors import UserError  # noqa: E402
from limbeck.files import read_json, write_json, write_parquet  # noqa: E402
from limbeck.phrasebook import sentences  # noqa: E402
from limbeck.student.export import prepare  # noqa: E402
from limbeck.workflow import memory  # noqa: E402

FORK = multiprocessing.get_context("fork")
STEPS, ROWS, HELD_OUT = 40, 240, 32
METHODS = ("full", "lora")
AGREEMENT = 0.998  # of two thousand next tokens some are draws that rounding to F16 decides
QUANTIZATIONS = ("Q8_0", "Q4_K_M")
ANSWERS = 5  # a chat draws its words, and may draw the end before any
LIBRARIES = ("transformers", "unsloth", "peft", "llama-cpp-python")
BEGIN, END = "<!-- families -->\n", "<!-- /families -->\n"


def rows(count: int, seed: int) -> list[dict[str, Any]]:
    """Questions and answers in Swahili: every second row has a trace, every third two exchanges."""
    chance = random.Random(seed)
    found = []
    for index in range(count):
        messages = []
        for _ in range(2 if index % 3 == 0 else 1):
            asked, answer = sentences.question_answer(chance)
            said = answer.swahili
            if index % 2:
                said = f"<think>\n{asked.english} {answer.english}\n</think>\n\n{said}"
            messages += [{"role": "user", "content": asked.swahili},
                         {"role": "assistant", "content": said}]  # fmt: skip
        form = "thinking" if index % 2 else "direct"
        found.append({"id": f"{seed}-{index}", "messages": messages, "form": form})
    return found


def make(name: str, folder: Path) -> int:
    """Write a family's base and the rows; the tokens of a step, for `STEPS` of them."""
    from transformers import AutoTokenizer

    from limbeck.student import encoding

    train = rows(ROWS, 1)
    write_parquet(folder / "train.parquet", train)
    write_parquet(folder / "validation.parquet", rows(HELD_OUT, 2))
    lines = [message["content"] for row in train for message in row["messages"]]
    base = small_families.write(name, lines, folder / "base")
    tokenizer = AutoTokenizer.from_pretrained(base)
    stops = encoding.stop_tokens(tokenizer, read_json(base / "generation_config.json"))
    samples, _ = encoding.dataset(tokenizer, train, stops, 512)
    return sum(len(sample.input_ids) for sample in samples) // STEPS


def train(folder: Path, method: Any, step_tokens: int) -> dict[str, Any]:
    """Train as the stage does; whether rows were packed, the first loss and the last."""
    from limbeck.student import train as stage

    training = Training(
        method=method, lora=Lora(rank=8, alpha=16), learning_rate=5e-3, step_tokens=step_tokens,
        max_length=512, precision="float32", validations=1,
    )  # fmt: skip
    settings = {"training": training.model_dump(), "seed": 1, "trust_remote_code": False}
    output = folder / method
    sys.argv = [
        "train", "--base", str(folder / "base"), "--train", str(folder / "train.parquet"),
        "--validation", str(folder / "validation.parquet"), "--settings", json.dumps(settings),
        "--device-tokens", "1024", "--work", str(folder.parent / "work"),
        "--checkpoint", str(output / "checkpoint"), "--history", str(output / "training.json"),
    ]  # fmt: skip
    output.mkdir()
    stage.main()
    history = read_json(output / "training.json")
    first, last = history["loss"][0]["loss"], history["loss"][-1]["loss"]
    _demand(history["steps"] == STEPS, f"{history['steps']} steps, not {STEPS}")
    _demand(last < first - 0.05, f"the loss went from {first:.3f} to {last:.3f}")
    return {"packed": history["packed"], "first": round(first, 3), "last": round(last, 3)}


def check(name: str, folder: Path, method: str, converter: Path) -> dict[str, Any]:
    """Export, compare, quantize and talk; the figures."""
    from limbeck.files import read_parquet
    from limbeck.student import parity

    output = folder / method
    file = export(name, output, converter)
    settings = parity.Settings(agreement=AGREEMENT)
    held_out = read_parquet(folder / "validation.parquet")
    result = parity.compare(output / "checkpoint", file, held_out, settings, 1)
    _demand(not result.failures, f"{'; '.join(result.failures)} ({result.figures})")
    names = ("prompts", "positions", "agreement", "draws")
    figures = {name: result.figures[name] for name in names}
    chats = {kind: talk(quantize(file, kind), held_out[0]) for kind in QUANTIZATIONS}
    return {**figures, "chat": chats}


def export(name: str, output: Path, converter: Path) -> Path:
    """The F16 file, by the converter that the export calls."""
    from conversion.base import TextModel

    splits = small_families.FAMILIES[name].splits
    if splits is not None:
        TextModel.get_vocab_base_pre = lambda self, tokenizer: splits
    folder = output / "gguf"
    folder.mkdir()
    sys.argv = prepare(output / "checkpoint", converter, folder, "f16")
    runpy.run_path(sys.argv[0], run_name="__main__")
    return folder / "model.gguf"


def quantize(file: Path, kind: str) -> Path:
    """A smaller file."""
    from limbeck.student import quantize as stage

    path = file.with_name(f"{kind}.gguf")
    stage.quantize(file, path, kind)
    _demand(path.stat().st_size < file.stat().st_size, f"{kind} is no smaller")
    return path


def talk(path: Path, row: dict[str, Any]) -> str:
    """The answer of a file to a held-out question, as `limbeck chat` gives it."""
    from limbeck.chat.terminal import Chat, Model

    output = io.StringIO()
    model = Model(path, None)
    model.context = 512
    chat = Chat(model, row["form"] == "thinking", output)
    chat.say(row["messages"][0]["content"])
    for _ in range(ANSWERS - 1):
        if output.getvalue().strip():
            break
        chat.regenerate()
    said = output.getvalue().strip()
    _demand(said, f"{path.name} says nothing, {ANSWERS} times")
    return said


def _demand(holds: object, words: str) -> None:
    if not holds:
        raise UserError(words)


def forked(function: Callable[..., Any], *arguments: Any) -> Any:
    """The value of a call in a fork of this process; what it wrote comes with its error."""
    ours, theirs = FORK.Pipe(duplex=False)
    with tempfile.TemporaryFile("w+", errors="replace") as words:
        process = FORK.Process(target=_answer, args=(theirs, words, function, arguments))
        process.start()
        theirs.close()
        try:
            value, error = ours.recv()
        except EOFError:
            value, error = None, "the process ended"
        process.join()
        words.seek(0)
        said = words.read()
    if error is not None:
        raise UserError(f"{error}\n{said[-3000:]}")
    return value


def _answer(connection: Any, words: Any, function: Any, arguments: Any) -> None:
    for number in (1, 2):
        os.dup2(words.fileno(), number)
    try:
        answer = (function(*arguments), None)
    except UserError as error:
        answer = (None, str(error))
    except (Exception, SystemExit) as error:
        traceback.print_exc()
        answer = (None, repr(error))
    sys.stdout.flush()
    connection.send(answer)


def trainings(names: list[str], folder: Path, queue: Any) -> None:
    """Train all families, in a process that has Unsloth; each result goes into the queue."""
    from limbeck.student.train import prepare_environment

    prepare_environment(folder / "work")
    with contextlib.redirect_stdout(sys.stderr):
        import limbeck.student.loop
        import limbeck.student.trainer  # noqa: F401
    for name in names:
        (folder / name).mkdir()
        for method in METHODS:
            try:
                if method == METHODS[0]:
                    step_tokens = forked(make, name, folder / name)
                queue.put((name, method, forked(train, folder / name, method, step_tokens), None))
            except UserError as error:
                queue.put((name, method, {}, str(error)))


def run(names: list[str], folder: Path, converter: Path) -> Iterator[tuple[str, str, Any, Any]]:
    """Family, method, figures and error of each training and all that follows it."""
    import llama_cpp  # noqa: F401
    import torch
    import transformers  # noqa: F401

    torch.set_num_threads(1)
    sys.path[:0] = [str(converter / "gguf-py"), str(converter)]
    import conversion.base  # noqa: F401

    queue = FORK.Queue()
    process = FORK.Process(target=trainings, args=(names, folder, queue))
    process.start()
    for _ in range(len(names) * len(METHODS)):
        name, method, figures, error = queue.get()
        if error is None:
            try:
                figures |= forked(check, name, folder / name, method, converter)
            except UserError as found:
                error = str(found)
        yield name, method, figures, error
    process.join()


def table(results: dict[str, Any]) -> list[str]:
    """The lines of the table."""
    lines = [
        "| family, a model of it | class | rows | full, LoRA: loss in 40 steps | parity | "
        "full, LoRA: memory |",
        "|---|---|---|---|---|---|",
    ]
    for name, found in results["families"].items():
        family, full, lora = small_families.FAMILIES[name], found["full"], found["lora"]
        needs = [
            memory.training(f"{family.billions}b", Training(method=method)) / 1000
            for method in METHODS
        ]
        lines.append(
            f"| `{family.like}` | {family.kind.removesuffix('Config')} "
            f"| {'packed' if full['packed'] else 'a line each'} "
            f"| {full['first']:.1f} → {full['last']:.1f}, {lora['first']:.1f} → {lora['last']:.1f} "
            f"| {min(full['agreement'], lora['agreement']):.4f} "
            f"| {needs[0]:.0f} GB, {needs[1]:.0f} GB |"
        )
    names = ", ".join(f"{name} {number}" for name, number in results["versions"].items())
    return [*lines, "", f"Run on {results['date']} with {names}."]


def write_table(path: Path, results: dict[str, Any]) -> None:
    """Put the table into a page, between its marks."""
    before, _, rest = path.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    text = "\n".join(table(results))
    path.write_text(f"{before}{BEGIN}\n{text}\n\n{END}{after}", encoding="utf-8")


def main() -> None:
    """Run all families, or those that are named."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "names", nargs="*", metavar="FAMILY", help=", ".join(small_families.FAMILIES)
    )
    parser.add_argument("--converter", type=Path, default=ROOT / "resources/llama.cpp")
    parser.add_argument("--output", type=Path, help="the figures (JSON)")
    parser.add_argument("--table", type=Path, help="a page to put the table into")
    options = parser.parse_args()
    os.environ |= {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    names = options.names or list(small_families.FAMILIES)
    found: dict[str, Any] = {name: {} for name in names}
    failed = []
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as temporary:
        for name, method, figures, error in run(names, Path(temporary), options.converter):
            found[name][method] = figures
            words = error if error else json.dumps(figures, ensure_ascii=False)
            print(f"{time.monotonic() - begun:4.0f} s  {name}, {method}: {words}", flush=True)
            failed += [f"{name}, {method}"] if error else []
    if failed:
        sys.exit(f"error: failed: {'; '.join(failed)}")
    results = {
        "date": datetime.now(UTC).strftime("%d %B %Y").lstrip("0"),
        "versions": {name: version(name) for name in LIBRARIES},
        "families": found,
    }
    if options.output:
        write_json(options.output, results)
    if options.table:
        write_table(options.table, results)


if __name__ == "__main__":
    main()
