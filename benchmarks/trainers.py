"""The trainers of which benchmarks/training.py takes the figures, each in a process of its own."""

import importlib.util
import math
import resource
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from limbeck.config import Training
from limbeck.files import read_json, read_parquet

STEP_ROWS = 8  # TRL's batch; ours has as many tokens


@dataclass(frozen=True)
class Shape:
    """A model, and the rows that it reads: their number, and the median characters of an answer."""

    rows: int
    characters: int
    max_length: int
    learning_rate: float
    cuda: bool = False


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


def limbeck(folder: Path, shape: Shape) -> Figures:
    """Train as the stage does."""
    from limbeck.student.train import prepare_environment

    prepare_environment(folder / "work")
    from limbeck.student import trainer

    settings = SimpleNamespace(
        training=_training(shape, validations=1), seed=1, trust_remote_code=False
    )
    model, tokenizer, precision = trainer.load(folder / "base", settings)
    samples = rows(folder, tokenizer, shape.max_length)
    lengths = [len(sample.input_ids) for sample in samples["train"]]
    step_tokens = STEP_ROWS * sum(lengths) // len(lengths)
    settings.training = settings.training.model_copy(update={"step_tokens": step_tokens})
    autocast = precision == "bfloat16"
    loop, seconds = fit(model, samples["train"], settings, folder / "loop", autocast)
    return _figures(model, samples, seconds, loop.placed, autocast)


def fit(
    model: Any, samples: Any, settings: Any, folder: Path, autocast: bool, device_tokens: int = 8192
) -> tuple[Any, float]:
    """The stage's loop when it has run, and its seconds."""
    from limbeck.student import packing, trainer
    from limbeck.student.loop import Loop

    way = packing.find_way(model, samples)
    if way != "mask":
        trainer.fit_attention(model, samples)
    loop = Loop(
        model, {"train": samples, "validation": []}, settings, folder, way=way,
        device_tokens=device_tokens, save_every=math.inf, autocast=autocast,
    )  # fmt: skip
    loop.fitting = math.inf  # a look at the largest batch, once in however many steps: not here
    begun = _now()
    loop.run()
    return loop, _now() - begun


def before(folder: Path, shape: Shape) -> Figures:
    """Train with the limbeck that is on the path, whichever of its two trainers it has."""
    if importlib.util.find_spec("limbeck.student.loop"):
        return limbeck(folder, shape)
    from limbeck.student.train import prepare_environment

    prepare_environment(folder / "work")
    from limbeck.student import trainer as first

    settings = SimpleNamespace(training=_training(shape, batch=STEP_ROWS), seed=1,
                               trust_remote_code=False)  # fmt: skip
    model, tokenizer, precision = first.load(folder / "base", settings)
    samples = rows(folder, tokenizer, shape.max_length)
    trainer = first.build(
        model, tokenizer, {**samples, "validation": []}, folder / "first", precision,
        SimpleNamespace(settings=settings, device_batch=STEP_ROWS, save_every=math.inf),
    )  # fmt: skip
    sizes = _sizes(model)
    begun = _now()
    trainer.train()
    seconds = _now() - begun
    return _figures(model, samples, seconds, sum(sizes), precision == "bfloat16")


def trl(folder: Path, shape: Shape, tuned: bool) -> Figures:
    """Train with TRL as it comes; or tuned: like lengths together, nothing computed twice."""
    import datasets
    import torch
    import transformers
    from transformers import AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    cuda = torch.cuda.is_available()
    # Its default; a processor that has it not, and on which it would take hours, has float32.
    half = cuda or bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    kind = SFTTrainer
    if not cuda:
        kind = type("Plain", (kind,), {"compute_loss": transformers.Trainer.compute_loss})
    made = [
        {"prompt": row["messages"][:1], "completion": row["messages"][1:]}
        for row in read_parquet(folder / "train.parquet")
    ]
    more = {"gradient_checkpointing": False, "train_sampling_strategy": "group_by_length"}
    trainer = kind(
        str(folder / "base"),
        SFTConfig(
            output_dir=str(folder / "trl"), num_train_epochs=1, learning_rate=shape.learning_rate,
            lr_scheduler_type="cosine", warmup_steps=0.05, max_length=shape.max_length,
            save_strategy="no", report_to="none", disable_tqdm=True, use_cpu=not cuda, seed=1,
            bf16=half,
            **(more if tuned else {}),
        ),
        train_dataset=datasets.Dataset.from_list(made),
    )  # fmt: skip
    sizes = _sizes(trainer.model)
    begun = _now()
    trainer.train()
    seconds = _now() - begun
    samples = rows(folder, AutoTokenizer.from_pretrained(folder / "base"), shape.max_length)
    return _figures(trainer.model, samples, seconds, sum(sizes), half)


def _training(shape: Shape, **more: Any) -> Training:
    return Training(
        learning_rate=shape.learning_rate, max_length=shape.max_length, epochs=1, **more
    )


def _sizes(model: Any) -> list[int]:
    """A list that will hold the tokens of each batch that a model reads, padding among them."""
    sizes: list[int] = []

    def count(_: Any, __: Any, inputs: dict[str, Any]) -> None:
        sizes.append(inputs["input_ids"].numel())

    model.register_forward_pre_hook(count, with_kwargs=True)
    return sizes


def rows(folder: Path, tokenizer: Any, max_length: int) -> dict[str, list[Any]]:
    """The samples of both data sets."""
    from limbeck.student import encoding

    path = folder / "base" / "generation_config.json"
    stops = encoding.stop_tokens(tokenizer, read_json(path) if path.is_file() else {})
    return {
        name: encoding.dataset(
            tokenizer, read_parquet(folder / f"{name}.parquet"), stops, max_length
        )[0]
        for name in ("train", "validation")
    }


def _figures(model: Any, samples: Any, seconds: float, placed: int, autocast: bool) -> Figures:
    import torch

    cuda = torch.cuda.is_available()
    peak = (
        torch.cuda.max_memory_allocated()
        if cuda
        else 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    )
    train = samples["train"]
    return Figures(
        seconds=seconds,
        learned=sum(label >= 0 for sample in train for label in sample.labels[1:]),
        tokens=sum(len(sample.input_ids) for sample in train),
        placed=placed,
        memory=peak / 1e9,
        loss=held_out_loss(model, samples["validation"], autocast),
        parameters=sum(weight.numel() for weight in model.parameters()),
        device=torch.cuda.get_device_name(0) if cuda else "CPU",
    )


def held_out_loss(model: Any, samples: Any, autocast: bool) -> float:
    """Per learned token, a row at a time."""
    import torch

    model.eval()
    device = next(model.parameters()).device
    total = count = 0.0
    for sample in samples:
        labels = torch.tensor(sample.labels[1:], device=device)
        with torch.no_grad(), torch.autocast(device.type, torch.bfloat16, enabled=autocast):
            ids = torch.tensor([sample.input_ids], device=device)
            logits = model(input_ids=ids, use_cache=False).logits[0, :-1].float()
        total += float(torch.nn.functional.cross_entropy(logits, labels, reduction="sum"))
        count += float((labels >= 0).sum())
    return total / count


def _now() -> float:
    import torch

    if torch.cuda.is_available():
        torch.cuda.synchronize()
        return time.perf_counter()
    return time.process_time()


TRAINERS = {
    "limbeck": limbeck,
    "before": before,
    "trl": partial(trl, tuned=False),
    "trl, tuned": partial(trl, tuned=True),
}
