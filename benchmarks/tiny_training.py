"""How fast the demonstration's student learns, by Muon and by AdamW, from either start.

    snakemake --cores all results/swh_Latn/tiny/base
    python benchmarks/tiny_training.py results/swh_Latn/tiny --epochs 0.5

The ways take turns on the same rows, each in a process of its own: seconds are the processor's, of
one thread, and the loss is that of a validation row, summed over its learned tokens, which say more
or less in another vocabulary. `as it was` is AdamW in steps of 600 tokens from Llama's own initial
weights (0.02), with which the demonstration began.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml
from trainers import fit, held_out_loss, rows

from limbeck.config import Architecture, Training
from limbeck.files import read_parquet

ROOT = Path(__file__).parents[1]
FIRST = {"architecture": {"layers": 3, "vocabulary": 1500}, "schedule": "cosine",
         "adamw_learning_rate": None}  # fmt: skip
ADAMW = {**FIRST, "optimizer": "adamw", "learning_rate": 1e-3}
JORDAN = 3.4445, -4.7750, 2.0315  # https://kellerjordan.github.io/posts/muon
FURTHER = (  # of the Polar Express, after Muon's own
    (3.3184196573706015, -2.488488024314874, 0.51004894012372),
    (2.300652019954817, -1.6689039845747493, 0.4188073119525673),
)
WAYS: dict[str, dict[str, Any]] = {
    "as it was": {**ADAMW, "step_tokens": 600},
    "the new start": {**ADAMW, "step_tokens": 600},
    "steps of 1,200 tokens": {**ADAMW, "learning_rate": 2e-3, "step_tokens": 1200},
    "Muon, the config's": {},
    "Muon, of half the rows": {"share": 0.5},
    "Muon, of 57% of the rows": {"share": 0.57},
    "AdamW's part at the same rate": {"adamw_learning_rate": None},
    "cosine": {"schedule": "cosine"},
    "3 layers": {"architecture": {"layers": 3}},
    "1,500 pieces": {"architecture": {"vocabulary": 1500}},
    "2,500 pieces": {"architecture": {"vocabulary": 2500}},
    "6,000 pieces": {"architecture": {"vocabulary": 6000}},
    "3 layers, 1,500 pieces, cosine, one rate": FIRST,
    "Muon, of a rate of 3e-3": {"learning_rate": 3e-3},
    "Muon, of a rate of 4e-3": {"learning_rate": 4e-3},
    "Muon, two rounds": {"rounds": 2},
    "Muon, four rounds": {"rounds": 4},
    "Muon, five rounds": {"rounds": 5},
    "Muon, five rounds of Jordan's": {"polynomials": (JORDAN,) * 5},
}


def train(folder: Path, way: str, epochs: float) -> dict[str, float]:
    """Train one way."""
    with tempfile.TemporaryDirectory() as work:
        from limbeck.student.train import prepare_environment

        prepare_environment(Path(work))
        from limbeck.student import muon, tiny, trainer
        from limbeck.student.loop import learned

        config = yaml.safe_load((ROOT / "config/config.yaml").read_text())["students"]["tiny"]
        way_keys = dict(WAYS[way])
        read = epochs * way_keys.pop("share", 1.0)
        changed = way_keys.pop("architecture", {})
        rounds = way_keys.pop("rounds", len(muon.POLYNOMIALS))
        own = (*muon.POLYNOMIALS, *FURTHER)[:rounds]
        muon.POLYNOMIALS = way_keys.pop("polynomials", own)
        keys = {**config["training"], **way_keys, "epochs": read, "validations": 0}
        settings = SimpleNamespace(training=Training(**keys), seed=1, trust_remote_code=False)
        base = folder / "base"
        if changed:
            base = Path(work) / "base"
            shape = Architecture(**{**config["architecture"], **changed})
            tiny.create(read_parquet(folder / "train.parquet"), shape, settings.seed, base)
        model, tokenizer, _ = trainer.load(base, settings)
        if way == "as it was":
            _first_start(model)
        samples = rows(folder, tokenizer, settings.training.max_length)
        tokens = settings.training.device_tokens
        loop, seconds = fit(model, samples["train"], settings, Path(work), False, tokens)
        held_out = samples["validation"]
        each = learned(held_out, list(range(len(held_out)))) / len(held_out)
        loss = held_out_loss(model, held_out, False) * each
        return {"seconds": seconds, "tokens": loop.tokens, "loss": loss}


def _first_start(model: Any) -> None:
    import torch

    torch.manual_seed(1)
    for weight in model.parameters():
        if weight.dim() > 1:
            torch.nn.init.normal_(weight, std=0.02)


def main() -> None:
    """Train all ways and write a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="a student's, with base and rows")
    parser.add_argument("--epochs", type=float, default=0.5)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS), help="all")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(train(options.folder, options.one, options.epochs)))
        return
    print("| | tokens | seconds | tokens/s | loss of a row |\n|---|---|---|---|---|")
    for way in options.ways:
        command = [sys.executable, __file__, str(options.folder), "--one", way,
                   "--epochs", str(options.epochs)]  # fmt: skip
        done = subprocess.run(
            command, check=True, capture_output=True, text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        found = json.loads(done.stdout.splitlines()[-1])
        speed = found["tokens"] / found["seconds"]
        cells = f"{found['tokens']:,} | {found['seconds']:.0f} | {speed:,.0f} | {found['loss']:.2f}"
        print(f"| {way} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
