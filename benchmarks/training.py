"""How fast a student is trained, beside TRL's SFTTrainer.

    python benchmarks/training.py 30m smollm2 --json training.json
    python benchmarks/training.py 1b granite-4.0-micro   # with CUDA
    git worktree add ../earlier COMMIT
    python benchmarks/training.py 30m --before ../earlier --trainers limbeck before

All read the same rows of mixed length once, with as many learned tokens in a step on the average;
afterwards the loss of each is that of the same held-out rows, by the same code. They take turns,
each in a process of its own; the figures are medians. On a CPU seconds are the processor's, of one
thread. TRL's own loss is a kernel for CUDA: on a CPU it has that of transformers. Another version
of limbeck is any one, from the first, which set up TRL's trainer.
"""

import argparse
import json
import math
import os
import random
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from trainers import TRAINERS, Shape  # noqa: E402

from limbeck.config import Architecture  # noqa: E402
from limbeck.files import Row, read_json, write_json, write_parquet  # noqa: E402
from limbeck.phrasebook import sentences  # noqa: E402

HELD_OUT = 16
# Of dense products in bfloat16, a second (the makers' data sheets).
PEAK = {"H200": 989e12, "H100": 989e12, "A100": 312e12, "L40S": 362e12, "RTX 4090": 165e12}

SHAPES = {
    "tiny": Shape(800, 60, 512, 1e-3),  # the demonstration's
    "30m": Shape(48, 400, 1024, 1e-3),
    "smollm2": Shape(16, 250, 1024, 5e-5),
    "1b": Shape(1024, 6000, 8192, 1e-4, cuda=True),
    "granite-4.0-micro": Shape(512, 6000, 8192, 1e-4, cuda=True),
}


def rows(count: int, characters: int, seed: int) -> list[Row]:
    """Questions and answers, whose lengths are log-normal: a long one has ten times the median."""
    chance = random.Random(seed)

    def text(median: int) -> str:
        wanted = min(median * math.exp(chance.gauss(0, 1)), 10 * median)
        parts: list[str] = []
        while sum(map(len, parts)) < wanted:
            parts.append(sentences.compose(chance).swahili)
        return " ".join(parts)

    return [
        {
            "messages": [
                {"role": "user", "content": text(characters // 2)},
                {"role": "assistant", "content": text(characters)},
            ],
            "form": "direct",
        }
        for _ in range(count)
    ]


def base(shape: str, train: list[Row], folder: Path) -> None:
    """Write the model."""
    from limbeck.student import from_gguf, tiny

    if shape == "smollm2":
        import real_weights

        from_gguf.convert(real_weights.smollm2(), folder)
        return
    size = Architecture(vocabulary=1000, width=512, layers=10 if shape == "30m" else 1, heads=8)
    if shape == "tiny":
        size = Architecture(vocabulary=1500, width=256, layers=3, heads=4)
    tiny.create(train, size, 1, folder)
    if SHAPES[shape].cuda:
        _large(shape, folder)


def _large(shape: str, folder: Path) -> None:
    """A model of a large one's shape, beside the small tokenizer."""
    import torch
    import transformers

    config: Any
    common = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 3, "dtype": "bfloat16",
              "tie_word_embeddings": True}  # fmt: skip
    if shape == "1b":
        config = transformers.LlamaConfig(
            hidden_size=2048, intermediate_size=8192, num_hidden_layers=16, num_attention_heads=32,
            num_key_value_heads=8, vocab_size=128256, max_position_embeddings=8192, **common,
        )  # fmt: skip
    else:
        config = transformers.GraniteMoeHybridConfig(
            hidden_size=2560, num_hidden_layers=40, num_attention_heads=40, num_key_value_heads=8,
            vocab_size=100352, layer_types=["attention"] * 40, shared_intermediate_size=8192,
            num_local_experts=0, num_experts_per_tok=0, position_embedding_type="rope",
            max_position_embeddings=131072, **common,
        )  # fmt: skip
    torch.manual_seed(1)
    model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    model.save_pretrained(folder)


def one(name: str, shape: Shape, folder: Path) -> None:
    """Train once; the figures go into a file."""
    import torch

    torch.set_num_threads(1)
    write_json(folder / "figures.json", asdict(TRAINERS[name](folder, shape)))


def measure(
    name: str, count: int, rounds: int, trainers: list[str], earlier: Path | None
) -> dict[str, list[dict[str, Any]]]:
    """The figures of each trainer in turns, from ``count`` rows; ``earlier``: another version."""
    shape = SHAPES[name]
    found: dict[str, list[dict[str, Any]]] = {trainer: [] for trainer in trainers}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        train = rows(count, shape.characters, 1)
        write_parquet(folder / "train.parquet", train)
        write_parquet(folder / "validation.parquet", rows(HELD_OUT, shape.characters, 2))
        base(name, train, folder / "base")
        for _ in range(rounds):
            for trainer in trainers:
                command = [sys.executable, __file__, name, "--one", trainer, "--folder", temporary]
                environment = os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
                if earlier and trainer == "before":
                    environment["PYTHONPATH"] = str(earlier / "src")
                done = subprocess.run(command, capture_output=True, text=True, env=environment)
                if done.returncode:
                    sys.exit(f"error: {name}, {trainer}: {done.stderr[-2000:]}")
                found[trainer].append(read_json(folder / "figures.json"))
                print(name, trainer, json.dumps(found[trainer][-1]), file=sys.stderr, flush=True)
    return found


def medians(runs: list[dict[str, Any]]) -> dict[str, float | None]:
    """Of the runs of one trainer; the share of the device's FLOPs is None where that is unknown."""
    seconds, memory, loss = (
        statistics.median(run[key] for run in runs) for key in ("seconds", "memory", "loss")
    )
    run = runs[0]
    peak = [flops for device, flops in PEAK.items() if device in run["device"]]
    floating = 6 * run["parameters"] * run["tokens"] / seconds  # a second
    return {
        "learned_tokens_a_second": run["learned"] / seconds,
        "tokens_a_second": run["tokens"] / seconds,
        "padding": 1 - run["tokens"] / run["placed"],
        "memory_gb": memory,
        "loss": loss,
        "flops_used": floating / peak[0] if peak else None,
    }


def line(shape: str, trainer: str, found: dict[str, Any]) -> str:
    """Of the table."""
    used = found["flops_used"]
    cells = [
        shape, trainer, f"{found['learned_tokens_a_second']:,.0f}",
        f"{found['tokens_a_second']:,.0f}", f"{found['padding']:.1%}",
        f"{found['memory_gb']:.2f} GB", f"{found['loss']:.3f}", f"{used:.0%}" if used else "",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("shapes", nargs="+", choices=SHAPES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, help="fewer than a model's own, for a quick look")
    parser.add_argument("--before", type=Path, metavar="FOLDER", help="of another version")
    parser.add_argument(
        "--trainers", nargs="+", choices=TRAINERS, help="all, unless some are named"
    )
    parser.add_argument("--json", type=Path, help="medians, and every run's figures")
    parser.add_argument("--one", choices=TRAINERS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one(options.one, SHAPES[options.shapes[0]], options.folder)
        return
    import torch

    trainers = options.trainers or [name for name in TRAINERS if name != "before" or options.before]
    if "before" in trainers and not options.before:
        parser.error("before: which version is that? --before FOLDER")
    found: dict[str, dict[str, Any]] = {}
    print("| model | trainer | learned tokens/s | tokens/s | padding | memory | loss | MFU |")
    print("|---|---|---|---|---|---|---|---|")
    for name in options.shapes:
        if SHAPES[name].cuda and not torch.cuda.is_available():
            print(f"| {name} | not measured: no CUDA device | | | | | | |")
            continue
        count = options.rows or SHAPES[name].rows
        runs = measure(name, count, options.rounds, trainers, options.before)
        found[name] = {
            trainer: {"medians": medians(part), "runs": part} for trainer, part in runs.items()
        }
        for trainer, part in found[name].items():
            print(line(name, trainer, part["medians"]), flush=True)
    if options.json:
        write_json(options.json, found)


if __name__ == "__main__":
    main()
