"""How fast a student is trained, beside TRL's SFTTrainer.

    python benchmarks/training.py 30m smollm2 --json training.json
    python benchmarks/training.py 1b granite-4.0-micro   # with CUDA

Both read the same rows of mixed length once, with as many learned tokens in a step on the average;
afterwards the loss of both is that of the same held-out rows, by the same code. They take turns,
each in a process of its own; the figures are medians. On a CPU seconds are the processor's, of one
thread. TRL's own loss is a kernel for CUDA: on a CPU it has that of transformers.
"""

import argparse
import json
import math
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from limbeck.config import Architecture, Training  # noqa: E402
from limbeck.files import Row, read_json, read_parquet, write_json, write_parquet  # noqa: E402
from limbeck.phrasebook import sentences  # noqa: E402

TRAINERS = ("limbeck", "trl", "trl, tuned")
HELD_OUT = 16
STEP_ROWS = 8  # TRL's batch; ours has as many tokens
# Of dense products in bfloat16, a second (the makers' data sheets).
PEAK = {"H200": 989e12, "H100": 989e12, "A100": 312e12, "L40S": 362e12, "RTX 4090": 165e12}


@dataclass(frozen=True)
class Shape:
    """A model, and the rows that it reads: their number, and the median characters of an answer."""

    rows: int
    characters: int
    max_length: int
    learning_rate: float
    cuda: bool = False


SHAPES = {
    "30m": Shape(48, 400, 1024, 1e-3),
    "smollm2": Shape(16, 250, 1024, 5e-5),
    "1b": Shape(1024, 6000, 8192, 1e-4, cuda=True),
    "granite-4.0-micro": Shape(512, 6000, 8192, 1e-4, cuda=True),
}


@dataclass(frozen=True)
class Figures:
    """What one training took."""

    seconds: float
    learned: int  # tokens
    tokens: int
    placed: int  # with padding
    memory: float  # GB, at most
    loss: float  # of the held-out rows
    parameters: int
    device: str


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
    tiny.create(train, size, 1, folder)
    if shape != "30m":
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


def limbeck(folder: Path, shape: Shape) -> Figures:
    """Train as the stage does."""
    from limbeck.student.train import prepare_environment

    prepare_environment(folder / "work")
    from limbeck.student import packing, trainer

    settings = SimpleNamespace(training=_training(shape), seed=1, trust_remote_code=False)
    model, tokenizer, precision = trainer.load(folder / "base", settings)
    samples = _samples(folder, tokenizer, shape)
    lengths = [len(sample.input_ids) for sample in samples["train"]]
    step_tokens = STEP_ROWS * sum(lengths) // len(lengths)
    settings.training = settings.training.model_copy(update={"step_tokens": step_tokens})
    way = packing.find_way(model, samples["train"])
    if way != "mask":
        trainer.fit_attention(model, samples["train"])
    autocast = precision == "bfloat16"
    held_out, samples["validation"] = samples["validation"], []
    loop = _loop(model, samples, settings, folder, way, autocast)
    begun = _now()
    loop.run()
    seconds = _now() - begun
    return _figures(model, {**samples, "validation": held_out}, seconds, loop.placed, autocast, way)


def trl(folder: Path, shape: Shape, tuned: bool) -> Figures:
    """Train with TRL as it comes; or tuned: like lengths together, nothing computed twice."""
    import datasets
    import torch
    import transformers
    from transformers import AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    cuda = torch.cuda.is_available()
    placed = 0

    class Counting(SFTTrainer):  # type: ignore[misc]
        def compute_loss(self, model: Any, inputs: Any, *rest: Any, **more: Any) -> Any:
            nonlocal placed
            placed += inputs["input_ids"].numel()
            method = SFTTrainer.compute_loss if cuda else transformers.Trainer.compute_loss
            return method(self, model, inputs, *rest, **more)

    made = [
        {"prompt": row["messages"][:1], "completion": row["messages"][1:]}
        for row in read_parquet(folder / "train.parquet")
    ]
    more = {"gradient_checkpointing": False, "train_sampling_strategy": "group_by_length"}
    trainer = Counting(
        str(folder / "base"),
        SFTConfig(
            output_dir=str(folder / "trl"), num_train_epochs=1, learning_rate=shape.learning_rate,
            lr_scheduler_type="cosine", warmup_steps=0.05, max_length=shape.max_length,
            save_strategy="no", report_to="none", disable_tqdm=True, use_cpu=not cuda, seed=1,
            **(more if tuned else {}),
        ),
        train_dataset=datasets.Dataset.from_list(made),
    )  # fmt: skip
    begun = _now()
    trainer.train()
    seconds = _now() - begun
    samples = _samples(folder, AutoTokenizer.from_pretrained(folder / "base"), shape)
    return _figures(trainer.model, samples, seconds, placed, True, "alone")


def _training(shape: Shape) -> Training:
    return Training(
        learning_rate=shape.learning_rate, max_length=shape.max_length, validations=1, epochs=1
    )


def _samples(folder: Path, tokenizer: Any, shape: Shape) -> dict[str, list[Any]]:
    from limbeck.student import encoding

    path = folder / "base" / "generation_config.json"
    stops = encoding.stop_tokens(tokenizer, read_json(path) if path.is_file() else {})
    return {
        name: encoding.dataset(
            tokenizer, read_parquet(folder / f"{name}.parquet"), stops, shape.max_length
        )[0]
        for name in ("train", "validation")
    }


def _loop(model: Any, samples: Any, settings: Any, folder: Path, way: Any, autocast: bool) -> Any:
    from limbeck.student.loop import Loop

    return Loop(
        model, samples, settings, folder / "loop", way=way, device_tokens=8192,
        save_every=math.inf, autocast=autocast,
    )  # fmt: skip


def _figures(
    model: Any, samples: Any, seconds: float, placed: int, autocast: bool, way: Any
) -> Figures:
    import torch

    from limbeck.student.loop import learned

    cuda = torch.cuda.is_available()
    peak = (
        torch.cuda.max_memory_allocated()
        if cuda
        else 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    )
    settings = SimpleNamespace(training=Training(), seed=1)
    loss = _loop(model, samples, settings, Path(), way, autocast).evaluate()
    train = samples["train"]
    return Figures(
        seconds=seconds,
        learned=learned(train, list(range(len(train)))),
        tokens=sum(len(sample.input_ids) for sample in train),
        placed=placed,
        memory=peak / 1e9,
        loss=loss,
        parameters=sum(weight.numel() for weight in model.parameters()),
        device=torch.cuda.get_device_name(0) if cuda else "CPU",
    )


def _now() -> float:
    import torch

    if torch.cuda.is_available():
        torch.cuda.synchronize()
        return time.perf_counter()
    return time.process_time()


def one(name: str, shape: Shape, folder: Path) -> None:
    """Train once; the figures go into a file."""
    import torch

    torch.set_num_threads(1)
    tuned = name == "trl, tuned"
    found = limbeck(folder, shape) if name == "limbeck" else trl(folder, shape, tuned)
    write_json(folder / "figures.json", asdict(found))


def measure(name: str, rounds: int, trainers: list[str]) -> dict[str, list[dict[str, Any]]]:
    """The figures of each trainer in turns."""
    shape = SHAPES[name]
    found: dict[str, list[dict[str, Any]]] = {trainer: [] for trainer in trainers}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        train = rows(shape.rows, shape.characters, 1)
        write_parquet(folder / "train.parquet", train)
        write_parquet(folder / "validation.parquet", rows(HELD_OUT, shape.characters, 2))
        base(name, train, folder / "base")
        for _ in range(rounds):
            for trainer in trainers:
                command = [sys.executable, __file__, name, "--one", trainer, "--folder", temporary]
                environment = os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
                done = subprocess.run(command, capture_output=True, text=True, env=environment)
                if done.returncode:
                    sys.exit(f"error: {name}, {trainer}: {done.stderr[-2000:]}")
                found[trainer].append(read_json(folder / "figures.json"))
                print(name, trainer, json.dumps(found[trainer][-1]), file=sys.stderr, flush=True)
    return found


def table(shape: str, found: dict[str, list[dict[str, Any]]]) -> str:
    """The lines of a model's table."""
    lines = []
    for trainer, runs in found.items():
        seconds, memory, loss = (
            statistics.median(run[key] for run in runs) for key in ("seconds", "memory", "loss")
        )
        run = runs[0]
        cells = [
            shape, trainer, f"{run['learned'] / seconds:,.0f}", f"{run['tokens'] / seconds:,.0f}",
            f"{1 - run['tokens'] / run['placed']:.1%}", f"{memory:.2f} GB", f"{loss:.3f}",
        ]  # fmt: skip
        peak = [flops for device, flops in PEAK.items() if device in run["device"]]
        floating = 6 * run["parameters"] * run["tokens"] / seconds  # a second
        cells.append(f"{floating / peak[0]:.0%}" if peak else "")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("shapes", nargs="+", choices=SHAPES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--trainers", nargs="+", choices=TRAINERS, default=list(TRAINERS))
    parser.add_argument("--json", type=Path, help="every run's figures")
    parser.add_argument("--one", choices=TRAINERS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one(options.one, SHAPES[options.shapes[0]], options.folder)
        return
    import torch

    found = {}
    print("| model | trainer | learned tokens/s | tokens/s | padding | memory | loss | MFU |")
    print("|---|---|---|---|---|---|---|---|")
    for name in options.shapes:
        if SHAPES[name].cuda and not torch.cuda.is_available():
            print(f"| {name} | not measured: no CUDA device | | | | | | |")
            continue
        found[name] = measure(name, options.rounds, options.trainers)
        print(table(name, found[name]), flush=True)
    if options.json:
        write_json(options.json, found)


if __name__ == "__main__":
    main()
