"""Train a student on the assistant's turns, with Unsloth, on CUDA or a CPU.

    python -m limbeck.student.train --base base/ --train train.parquet \\
        --validation validation.parquet --settings '{"training": {...}, ...}' \\
        --device-tokens 8192 --work work/training/ --checkpoint checkpoint/ --history training.json

A training that is killed goes on where it last saved, in a folder of --work that is named by all
that decides the result. It stays, marked as done, for whoever keeps the checkpoint to remove. The
checkpoint is the base's own files, byte for byte, with new weights.
"""

import os
import shutil
import sys
from pathlib import Path
from statistics import fmean
from typing import Any

from pydantic import Field

from limbeck import device, stage
from limbeck.config import SPEED, Section, Training
from limbeck.errors import UserError
from limbeck.files import Row, digest, file_digest, lock, read_json, read_parquet, write_json
from limbeck.student import weights

WEIGHTS = ("*.safetensors", "*.safetensors.index.json")
DONE = "done"  # in a folder of --work: it may go once the checkpoint is safe
FOLDER = "LIMBECK_TRAINING"  # the variable that tells the processes of a training their folder


class Settings(Section):
    """What decides a student's weights, beside its base and its rows."""

    training: Training
    seed: int
    trust_remote_code: bool
    longest: bool = Field(
        False, description="See whether rows of max_length fit, too: in a rehearsal"
    )


def run_folder(
    work: Path, base: Path, data: list[Path], settings: Settings, code: str = ""
) -> Path:
    """The folder of a training's own checkpoints: one name for one result of one code."""
    parts = sorted(path for path in base.iterdir() if path.is_file())
    files = {path.name: file_digest(path) for path in [*parts, *data]}
    decides = settings.model_dump(exclude={"training": SPEED})
    return work / digest(decides, files, code)


def prepare_environment(work: Path) -> None:
    """Tell the libraries, before they are imported, to stay offline and to write into ``work``."""
    work.mkdir(parents=True, exist_ok=True)
    os.environ["UNSLOTH_COMPILE_LOCATION"] = str((work / "unsloth").resolve())
    os.environ["UNSLOTH_DISABLE_STATISTICS"] = "1"  # it would ask the hub for a file
    os.environ["HF_HUB_OFFLINE"] = "1"  # the base is a folder
    os.environ["TOKENIZERS_PARALLELISM"] = "true"
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"


def save(model: Any, base: Path, checkpoint: Path) -> None:
    """Write the checkpoint: new weights in the base's own type, all other files as they were."""
    import torch
    from safetensors import SafetensorError
    from transformers import GenerationConfig

    temporary = checkpoint.with_name(f".{checkpoint.name}.new")
    shutil.rmtree(temporary, ignore_errors=True)
    model.to(getattr(torch, weights.stored_type(base)))
    # The base's file replaces it; one that transformers finds odd would be refused here.
    model.generation_config = GenerationConfig()
    try:
        model.save_pretrained(temporary)
    except SafetensorError as error:  # which a full disk is, too
        shutil.rmtree(temporary)
        raise UserError(f"{checkpoint}: cannot be written ({error})") from None
    for path in temporary.iterdir():
        if not any(path.match(pattern) for pattern in WEIGHTS):
            path.unlink()
    for path in base.iterdir():
        if path.is_file() and not any(path.match(pattern) for pattern in WEIGHTS):
            shutil.copyfile(path, temporary / path.name)
    for path in temporary.iterdir():
        path.chmod(0o644)
    shutil.rmtree(checkpoint, ignore_errors=True)
    temporary.rename(checkpoint)


def history(loop: Any, counts: dict[str, dict[str, int]], facts: dict[str, Any]) -> Row:
    """What happened in a training, for the report: about a hundred means of the loss, and more."""
    steps = len(loop.losses)
    every = max(1, len(loop.steps) // 100)
    ends = sorted({*range(every, steps + 1, every), steps} | {1})
    starts = [0, *ends]
    return {
        "loss": [
            {"step": end, "loss": fmean(loop.losses[start:end])}
            for start, end in zip(starts, ends, strict=False)
        ],
        "validation": loop.validations,
        "steps": steps,
        "tokens_seen": loop.tokens,
        "rows": counts,
        **facts,
    }


def versions() -> dict[str, str]:
    """The versions of the libraries that train."""
    from importlib.metadata import version

    return {name: version(name) for name in ("torch", "transformers", "unsloth", "peft")}


def encode(tokenizer: Any, base: Path, options: Any) -> tuple[dict[str, Any], Row]:
    """The samples and counts of both data sets; refuses a training set of which nothing is left."""
    from limbeck.student import encoding

    path = base / "generation_config.json"
    stops = encoding.stop_tokens(tokenizer, read_json(path) if path.is_file() else {})
    limit = options.settings.training.max_length
    context = weights.context(base) or limit
    samples, counts = {}, {}
    for name in ("train", "validation"):
        rows = read_parquet(getattr(options, name))
        samples[name], counts[name] = encoding.dataset(tokenizer, rows, stops, limit)
        count = counts[name]
        longest = max((len(sample.input_ids) for sample in samples[name]), default=0)
        if longest > context:
            raise UserError(
                f"{getattr(options, name)}: a row has {longest:,} tokens, and the base reads "
                f"{context:,} at most; with training.max_length {context} such rows are left out"
            )
        print(
            f"{name}: {count['used']:,} of {count['rows']:,} rows, {count['tokens']:,} tokens; "
            f"dropped: {count['too_long']:,} over {limit:,} tokens, "
            f"{count['no_answer']:,} without an answer; "
            f"{count['control']:,} rows hold control tokens, as text"
        )
    if not samples["train"]:
        raise UserError(
            f"{options.train}: no row to train on ({counts['train']['rows']:,} rows, "
            f"{counts['train']['too_long']:,} over training.max_length {limit:,})"
        )
    if 2 * counts["train"]["used"] < counts["train"]["rows"]:
        raise UserError(
            f"{options.train}: most of {counts['train']['rows']:,} rows are lost: "
            f"{counts['train']['too_long']:,} over training.max_length {limit:,}, "
            f"{counts['train']['no_answer']:,} without an answer"
        )
    return samples, counts


def main() -> None:
    """Train a student."""
    parser = stage.parser(__doc__)
    parser.add_argument("--base", type=Path, required=True, help="the base's folder")
    parser.add_argument("--train", type=Path, required=True, help="training rows (Parquet)")
    parser.add_argument("--validation", type=Path, required=True, help="validation rows (Parquet)")
    parser.add_argument("--settings", type=stage.json_option(Settings), required=True)
    parser.add_argument("--device-tokens", type=int, default=8192, help="on the device at once")
    parser.add_argument("--devices", type=int, default=1, help="GPUs that train together")
    parser.add_argument("--shard", type=int, choices=(0, 1), default=0, help="1: weights, too")
    parser.add_argument("--save-every", type=float, default=120, metavar="SECONDS")
    parser.add_argument("--code", default="", help="digest of what trains, of which a state is")
    parser.add_argument("--work", type=Path, required=True, help="folder that survives a crash")
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--history", type=Path, required=True)
    options = parser.parse_args()
    prepare_environment(options.work)
    from limbeck.student import ranks

    if ranks.joined():
        train(options, Path(os.environ[FOLDER]))
        return
    folder = run_folder(
        options.work,
        options.base,
        [options.train, options.validation],
        options.settings,
        options.code,
    )
    os.environ[FOLDER] = str(folder)  # for those that join: a large base takes long to digest
    # Of several processes it is the one that started them who holds it.
    held = lock.take(folder.with_suffix(".lock"), str(folder), "trains this student already")
    devices = device.claim(options.devices or 1)
    if options.shard and len(devices) < 2:
        raise UserError(
            "training.shard: weights are spread over two GPUs or more, and this training has "
            f"{len(devices) or 'none'}: run snakemake with --resources teacher=2 gpu=4, or as many "
            "as there are, or set shard: false"
        )
    if len(devices) > 1:
        if code := ranks.lead(devices):
            sys.exit(code)
    else:
        train(options, folder)
    (folder / DONE).touch()
    os.close(held)


def train(options: Any, folder: Path) -> None:
    """Train, alone or as one of several, of which the first writes."""
    settings: Settings = options.settings
    from limbeck.student import packing, ranks
    from limbeck.student import trainer as training  # first: it imports Unsloth
    from limbeck.student.loop import Loop

    model, tokenizer, precision = training.load(options.base, settings)
    samples, counts = encode(tokenizer, options.base, options)
    way = packing.find_way(model, samples["train"])
    if way != "mask":  # plain attention would take it for numbers to add
        training.fit_attention(model, samples["train"])
    if way == "alone":
        print("training: rows of this base see each other in a line; each has a line of its own")
    limit = settings.training.max_length
    longest = min(limit, weights.context(options.base) or limit)
    if options.shard and ranks.count() > 1:
        ranks.shard(model)
    loop = Loop(
        model,
        samples,
        settings,
        folder,
        way=way,
        device_tokens=options.device_tokens,
        save_every=options.save_every,
        autocast=precision == "bfloat16",
        longest=longest if settings.longest else None,
    )
    loop.run()
    seconds = loop.seconds()
    trained = loop.trained()
    if ranks.rank():
        return
    facts = {
        "packed": way != "alone",
        "precision": precision,
        "device": training.device(ranks.count()),
        "versions": versions(),
    }
    result = history(loop, counts, facts)
    model = training.plain(model, trained, options.base, settings)
    save(model, options.base, options.checkpoint)
    write_json(options.history, result)
    loss, padding = result["loss"][-1]["loss"], 1 - loop.tokens / loop.placed
    print(
        f"training: {loop.tokens:,} tokens in {seconds:.2f} s, loss {loss:.4f}; {padding:.1%} of "
        "what the device read was padding"
    )


if __name__ == "__main__":
    stage.run(main)
