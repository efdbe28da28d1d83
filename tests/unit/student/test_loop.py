"""The loop: a step's loss, what the device batch and a kill change (nothing), when it ends."""

import math
import multiprocessing
import random
import time
from pathlib import Path
from typing import Any

import pytest

import small_families
from limbeck.config import Training
from limbeck.errors import UserError

from .conftest import make_rows

SETTINGS = {
    "learning_rate": 2e-3,
    "epochs": 3.0,
    "step_tokens": 600,
    "precision": "float32",
    "validations": 2,
}


class Settings:
    """What a loop reads of a stage's settings."""

    def __init__(self, **changes: Any) -> None:
        self.training = Training(**{**SETTINGS, **changes})
        self.seed = 5


@pytest.fixture(scope="module")
def samples(tokenizer: Any) -> dict[str, list[Any]]:
    """Encoded training and validation rows."""
    from limbeck.student.encoding import dataset, stop_tokens

    stops = stop_tokens(tokenizer, {})
    return {
        name: dataset(tokenizer, make_rows(count, seed), stops, 128)[0]
        for name, count, seed in (("train", 120, 0), ("validation", 12, 1))
    }


@pytest.fixture(scope="module")
def bases(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A function that gives the base of a family."""
    root = tmp_path_factory.mktemp("bases")

    def base(family: str) -> Path:
        path = root / family
        return path if path.is_dir() else small_families.create(family, folder / "base", path)

    return base


def make(base: Path, samples: Any, folder: Path, settings: Any = None, **options: Any) -> Any:
    """A loop over a fresh copy of the base."""
    import torch
    from transformers import AutoModelForCausalLM

    from limbeck.student.loop import Loop

    torch.set_num_threads(1)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    usual = {"way": "positions", "device_tokens": 256, "save_every": 1e9, "autocast": False}
    return Loop(model, samples, settings or Settings(), folder, **{**usual, **options})


@pytest.mark.parametrize("family", small_families.FAMILIES)
def test_packed_rows_give_the_logits_of_rows_alone(bases: Any, samples: Any, family: str) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    from limbeck.student.packing import find_way, tensors

    torch.set_num_threads(1)
    model = AutoModelForCausalLM.from_pretrained(bases(family), dtype=torch.float32)
    rows = samples["train"][:4]

    def differ(way: Any) -> float:
        """The greatest difference of a logit, over four rows in two lines."""
        packed = tensors(rows, [[0, 1], [2, 3]], way, "cpu")
        del packed["labels"]
        found = []
        with torch.no_grad():
            lines = model(**packed, use_cache=False).logits
            for index, row in enumerate(rows):
                alone = model(torch.tensor([row.input_ids])).logits[0]
                start = len(rows[index - 1].input_ids) if index % 2 else 0
                line = lines[index // 2][start : start + len(row.input_ids)]
                found.append(float((line - alone).abs().max()))
        return max(found)

    # Granite 4 does not look at positions, and its rows leak into each other without a mask.
    leaks = family.startswith("granite4")
    assert (differ("positions") < 1e-5) != leaks
    hybrid = family == "granite4_mamba"
    assert find_way(model, samples["train"]) == (
        "alone" if hybrid else "mask" if leaks else "positions"
    )
    if leaks and not hybrid:
        assert differ("mask") < 1e-5


def test_the_way_is_tried_in_batches_of_several_lines(bases: Any, samples: Any) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    from limbeck.student.packing import find_way

    class OneLine(torch.nn.Module):
        """A model that looks at positions in a batch of one line, as Unsloth's own passes do."""

        def __init__(self) -> None:
            super().__init__()
            self.inner = AutoModelForCausalLM.from_pretrained(bases("llama"), dtype=torch.float32)

        def forward(self, input_ids: Any, position_ids: Any = None, **given: Any) -> Any:
            positions = position_ids if len(input_ids) == 1 else None
            return self.inner(input_ids, position_ids=positions, **given)

    torch.set_num_threads(1)
    model = OneLine()
    assert find_way(model, samples["train"]) != "positions"
    for module in model.modules():
        module._unsloth_fast_path = True  # type: ignore[assignment]
    assert find_way(model, samples["train"]) == "alone"


def test_a_frozen_embedding_may_be_elsewhere(bases: Any) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    from limbeck.student.packing import device

    model = AutoModelForCausalLM.from_pretrained(bases("llama"), dtype=torch.float32)
    elsewhere = torch.nn.Embedding(*model.get_input_embeddings().weight.shape, device="meta")
    model.set_input_embeddings(elsewhere.requires_grad_(False))
    assert device(model).type == "cpu"


def test_what_a_training_has_saved_is_room_for_it(
    bases: Any, samples: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil
    from types import SimpleNamespace

    loop = make(bases("llama"), samples, tmp_path, save_every=1.0)
    weights = sum(weight.nbytes for weight in loop.weights.values())
    for name, size in (("state.pt", 3 * weights), ("best.pt", weights)):
        with (tmp_path / name).open("wb") as file:
            file.truncate(size)
    usage = SimpleNamespace(free=3 * weights)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    loop._look_at_disk()
    assert loop.clock.seconds == 1.0
    usage.free = 2 * weights
    loop._look_at_disk()
    assert loop.clock.seconds == math.inf, "the best weights still have room"
    usage.free = weights // 2
    with pytest.raises(UserError, match="twice that while better ones are written"):
        loop._look_at_disk()


@pytest.mark.parametrize("family", ["llama", "granite4"])
def test_the_device_batch_changes_no_loss(
    bases: Any, samples: Any, tmp_path: Path, family: str
) -> None:
    found = []
    for device_tokens in (32, 150, 100_000):
        way = "alone" if family == "granite4" else "positions"
        loop = make(bases(family), samples, tmp_path, way=way, device_tokens=device_tokens)
        loop.run()
        found.append((loop.losses, [item["loss"] for item in loop.validations]))
    for losses, validations in found[1:]:
        assert losses == pytest.approx(found[0][0], rel=1e-4)
        assert validations == pytest.approx(found[0][1], rel=1e-4)
    assert found[0][0][-1] < 0.7 * found[0][0][0]


def test_a_steps_loss_is_the_mean_over_its_learned_tokens(
    bases: Any, samples: Any, tmp_path: Path
) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    loop = make(bases("llama"), samples, tmp_path)
    loop.run()
    model = AutoModelForCausalLM.from_pretrained(bases("llama"), dtype=torch.float32)
    total, count = 0.0, 0
    for row in loop.steps[0]:
        sample = samples["train"][row]
        with torch.no_grad():
            logits = model(torch.tensor([sample.input_ids])).logits[0, :-1]
        labels = torch.tensor(sample.labels[1:])
        total += float(torch.nn.functional.cross_entropy(logits, labels, reduction="sum"))
        count += int((labels >= 0).sum())
    assert loop.losses[0] == pytest.approx(total / count, rel=1e-5)
    # Few tokens of a line are padding: the shorter a step, the more.
    assert 1 - loop.tokens / loop.placed < 0.05


def train_and_write(base: Path, samples: Any, folder: Path) -> None:
    """A training that saves after each step and ends with its weights in a file."""
    import torch

    loop = make(base, samples, folder, Settings(step_tokens=120), save_every=-1.0)
    loop.run()
    torch.save([loop.losses, loop.validations, loop.weights], folder / "end.pt")


def test_ten_kills_change_no_bit(bases: Any, samples: Any, tmp_path: Path) -> None:
    import torch

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["torch", "transformers", "limbeck.student.loop"])
    chance = random.Random(2)
    base = bases("llama")
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for folder in (whole, killed):
        folder.mkdir()
    train_and_write(base, samples, whole)
    steps = len(torch.load(whole / "end.pt")[0])
    kills = 0
    for goal in sorted(chance.sample(range(1, steps * 2 // 3), 10)):
        process = context.Process(target=train_and_write, args=(base, samples, killed))
        process.start()
        while process.is_alive() and reached(killed) < goal:
            time.sleep(0.002)
        process.kill()
        process.join()
        kills += process.exitcode == -9
    assert kills == 10
    assert 0 < reached(killed) < steps
    train_and_write(base, samples, killed)
    (losses, validations, weights), (other_losses, others, other) = (
        torch.load(folder / "end.pt") for folder in (whole, killed)
    )
    assert losses == other_losses
    assert validations == others
    assert all(weights[name].equal(other[name]) for name in weights)


def test_a_training_that_goes_on_counts_the_seconds_before(
    bases: Any, samples: Any, tmp_path: Path
) -> None:
    from limbeck.student import states

    short = Settings(step_tokens=120, max_steps=2)
    make(bases("llama"), samples, tmp_path, short, save_every=-1.0).run()
    path = tmp_path / "state.pt"
    state = states.read(path)
    assert state["seconds"] > 0
    states.write({**state, "seconds": 1000.0}, path)
    loop = make(bases("llama"), samples, tmp_path, short, save_every=1e9)
    loop.run()
    assert 1000 < loop.seconds() < 1000 + 600


class Evil:
    def __reduce__(self) -> Any:
        return (Path.touch, (Path("ran"),))


@pytest.mark.parametrize("kind", ["empty", "text", "cut", "pickle", "list"])
def test_a_foreign_state_is_one_line_and_never_run(
    bases: Any, samples: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    import torch

    monkeypatch.chdir(tmp_path)
    loop = make(bases("llama"), samples, tmp_path, Settings(epochs=1.0))
    path = tmp_path / "state.pt"
    torch.save([Evil()] if kind == "pickle" else [1], path)
    said = {"empty": b"", "text": b"no state", "cut": path.read_bytes()[:-20]}
    path.write_bytes(said.get(kind, path.read_bytes()))
    with pytest.raises(UserError, match=r"state\.pt: no state of a training") as told:
        loop.run()
    assert "\n" not in str(told.value)
    assert not (tmp_path / "ran").exists()


def reached(folder: Path) -> int:
    """The step of the state in ``folder``."""
    import torch

    path = folder / "state.pt"
    return len(torch.load(path)["losses"]) if path.is_file() else 0


def test_the_best_validation_is_kept_and_patience_ends(
    bases: Any, samples: Any, tmp_path: Path
) -> None:
    few = {"train": samples["train"][:4], "validation": samples["validation"]}
    settings = Settings(
        epochs=200.0, step_tokens=100, validations=1, patience=3, schedule="constant"
    )
    loop = make(bases("llama"), few, tmp_path, settings)
    loop.run()
    losses = [item["loss"] for item in loop.validations]
    assert len(loop.losses) < len(loop.steps)
    assert losses.index(min(losses)) == len(losses) - 4
    assert loop.evaluate() == pytest.approx(min(losses), rel=1e-6)


def test_a_bad_step_leaves_the_weights_before_it(bases: Any, samples: Any, tmp_path: Path) -> None:
    import torch

    loop = make(bases("llama"), samples, tmp_path, Settings(learning_rate=10.0), save_every=-1.0)
    with pytest.raises(UserError, match=r"step [2-9] went wrong"):
        loop.run()
    kept = torch.load(tmp_path / "state.pt")
    assert len(kept["losses"]) == len(loop.losses)
    assert all(bool(weight.isfinite().all()) for weight in kept["weights"].values())


def test_learning_rate() -> None:
    from limbeck.student.loop import scheduled

    rates = {
        name: [scheduled(step, 100, Training(warmup=0.1, schedule=name)) for step in range(100)]
        for name in ("cosine", "linear", "constant")
    }
    for found in rates.values():
        assert found[:10] == pytest.approx([0.1 * step for step in range(1, 11)])
    assert rates["cosine"][55] == pytest.approx(0.5)
    assert rates["linear"][55] == pytest.approx(0.5)
    assert rates["constant"][55] == 1.0
    assert rates["cosine"][99] == pytest.approx(0.5 * (1 + math.cos(math.pi * 89 / 90)))


def test_adamw_alone_has_one_learning_rate(bases: Any, samples: Any, tmp_path: Path) -> None:
    settings = Settings(learning_rate=1e-3, adamw_learning_rate=4e-3)
    loop = make(bases("llama"), samples, tmp_path, settings)
    assert {group["peak"] for group in loop.optimizer.param_groups} == {1e-3}


def test_the_look_at_the_largest_batch_changes_nothing(
    bases: Any, samples: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(epochs=0.5)
    plain = make(bases("llama"), samples, tmp_path / "plain", settings)
    plain.run()
    said = capsys.readouterr().out
    assert "training: the largest batch, of " in said
    assert "GiB of the processor" in said
    longer = make(bases("llama"), samples, tmp_path / "longer", settings, longest=1000)
    longer.run()
    assert "of 1,000 tokens, fits" in capsys.readouterr().out
    assert longer.losses == plain.losses
    assert longer.validations == plain.validations


@pytest.mark.parametrize(
    ("changes", "device_tokens", "longest", "tokens"),
    [
        ({}, 4096, 100, 600),  # no batch is larger than a step
        ({}, 4096, 250, 750),
        ({}, 256, 100, 200),
        ({}, 256, 1000, 1000),  # a row that is longer comes alone
        ({"step_rows": 3}, 4096, 100, 300),
        ({"step_rows": 3}, 256, 100, 200),
    ],
)
def test_the_largest_batch_of_long_rows_is_one_that_comes(
    bases: Any, samples: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    changes: dict[str, int], device_tokens: int, longest: int, tokens: int,
) -> None:  # fmt: skip
    settings = Settings(max_steps=1, **changes)
    options = {"device_tokens": device_tokens, "longest": longest}
    make(bases("llama"), samples, tmp_path, settings, **options).run()
    assert f"the largest batch, of {tokens:,} tokens, fits" in capsys.readouterr().out
