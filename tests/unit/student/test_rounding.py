"""Training in bfloat16: rounding loses nothing on the average, 8 bits are enough for moments."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from limbeck.config import Training
from limbeck.files import read_json

from .conftest import TRAINING, make_rows, run, train_options


def test_rounding_is_right_on_the_average() -> None:
    import torch

    from limbeck.student.rounding import rounded

    torch.manual_seed(1)
    value = torch.full((200_000,), 1 + 1e-4)
    found = rounded(value).float()
    assert set(found.tolist()) == {1.0, 1 + 2**-7}
    assert float(found.mean()) == pytest.approx(1 + 1e-4, abs=2e-5)
    exact = torch.tensor([0.0, -2.5, 1e-30, 3e38]).bfloat16()
    assert rounded(exact.float()).equal(exact)


def test_the_numbers_of_eight_bits() -> None:
    import torch

    from limbeck.student.rounding import compressed, expanded, levels

    signed, positive = (levels(kind, torch.device("cpu")) for kind in (True, False))
    assert len(signed) == 256
    assert len(positive) == 255
    assert 0 in signed
    assert 0 not in positive
    assert all(found.diff().min() > 0 and found[-1] == 1 for found in (signed, positive))
    for kind, found in ((True, signed), (False, positive)):
        values = torch.stack([found, 1e-9 * found])
        assert expanded(*compressed(values, kind), kind).allclose(values, rtol=1e-6, atol=0)


@pytest.mark.parametrize("shape", [(3, 256), (4, 700), (5, 3), (2, 20, 30)])
def test_eight_bits_are_near_and_rows_are_of_themselves_alone(shape: tuple[int, ...]) -> None:
    import torch

    from limbeck.student.rounding import compressed, expanded

    torch.manual_seed(1)
    value = torch.randn(shape) * torch.tensor([1.0, 1e-6] * 3)[: shape[0]].view(
        -1, *[1] * (len(shape) - 1)
    )
    value[0] = 0
    codes, scales = compressed(value, True)
    assert codes.dtype == torch.uint8
    assert codes.shape == value.shape
    found = expanded(codes, scales, True)
    error = (found - value).flatten(1).abs().amax(1)
    assert (error <= 0.01 * value.flatten(1).abs().amax(1)).all()
    assert expanded(*compressed(value[1:], True), True).equal(found[1:])


@pytest.mark.parametrize("eight_bits", [False, True])
def test_small_steps_count(eight_bits: bool) -> None:
    import torch

    from limbeck.student.rounding import RoundedAdamW

    torch.manual_seed(1)
    weights = {kind: torch.nn.Parameter(torch.ones(100, 500, dtype=kind))
               for kind in (torch.bfloat16, torch.float32)}  # fmt: skip
    ours = RoundedAdamW([weights[torch.bfloat16]], betas=(0.9, 0.999), eight_bits=eight_bits)
    theirs = torch.optim.AdamW([weights[torch.float32]], betas=(0.9, 0.999), weight_decay=0.0)
    for _ in range(50):
        for optimizer, weight in zip((ours, theirs), weights.values(), strict=True):
            optimizer.param_groups[0]["lr"] = 1e-5  # to the nearest, each step would be lost
            weight.grad = torch.ones_like(weight)
            optimizer.step()
    moved, wanted = (1 - float(weight.detach().float().mean()) for weight in weights.values())
    assert moved == pytest.approx(wanted, rel=0.1)


@pytest.mark.parametrize("memory", ["bfloat16", "adam8bit"])
def test_it_trains_as_float32_does_and_goes_on_bit_by_bit(
    folder: Path, tokenizer: Any, tmp_path: Path, memory: str
) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    from limbeck.student.encoding import dataset, stop_tokens
    from limbeck.student.loop import Loop

    torch.set_num_threads(1)
    rows, _ = dataset(tokenizer, make_rows(48), stop_tokens(tokenizer, {}), 128)

    class Settings:
        seed = 5

        def __init__(self, memory: Any) -> None:
            self.training = Training(
                memory=memory, learning_rate=1e-3, epochs=2.0, step_tokens=400, validations=1
            )

    def loop(memory: str, name: str) -> Any:
        kind = torch.float32 if memory == "float32" else torch.bfloat16
        model = AutoModelForCausalLM.from_pretrained(folder / "base", dtype=kind)
        return Loop(
            model, {"train": rows, "validation": []}, Settings(memory), tmp_path / name,
            way="positions", device_tokens=512, save_every=1e9, autocast=True,
        )  # fmt: skip

    whole, wide, part = loop(memory, "a"), loop("float32", "b"), loop(memory, "c")
    whole.run()
    wide.run()
    assert whole.losses[-1] == pytest.approx(wide.losses[-1], rel=0.03)
    part.model.train()
    torch.manual_seed(part.seed)
    for step in part.steps[:4]:
        part._step(step)
    part._save()
    rest = loop(memory, "c")
    rest.run()
    assert rest.losses == whole.losses
    assert all(weight.equal(rest.weights[name]) for name, weight in whole.weights.items())
    kind = torch.bfloat16 if memory == "bfloat16" else torch.uint8
    for kept in (loop.optimizer.state_dict()["state"][0] for loop in (whole, rest)):
        assert kept["first"].dtype == kept["second"].dtype == kind
    states = [loop.optimizer.state_dict()["state"].values() for loop in (whole, rest)]
    for one, other in zip(*states, strict=True):
        assert all(value.equal(other[name]) for name, value in one.items())


def test_large_weights_are_updated_some_rows_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from limbeck.student import rounding

    def found() -> Any:
        weight = torch.nn.Parameter(torch.ones(50, 300, dtype=torch.bfloat16))
        optimizer = rounding.RoundedAdamW([weight], betas=(0.9, 0.999), eight_bits=True)
        optimizer.param_groups[0]["lr"] = 2.0**-4  # so that nothing is rounded
        weight.grad = torch.ones_like(weight)
        optimizer.step()
        return weight.detach(), *optimizer.state[weight].values()

    whole = found()
    monkeypatch.setattr(rounding, "AT_ONCE", 1000)
    assert all(one.equal(other) for one, other in zip(whole, found(), strict=True))


@pytest.mark.parametrize("memory", ["bfloat16", "adam8bit"])
def test_the_stage_trains_so(folder: Path, tmp_path: Path, memory: str) -> None:
    lean = {"memory": memory, "precision": "bfloat16", "epochs": 1.0}
    options = train_options(folder, tmp_path, TRAINING.model_copy(update=lean))
    done = run("train", *options, check=False)
    if done.returncode and "this device has no bfloat16; allowed here: float32" in done.stderr:
        pytest.skip("this processor has no bfloat16")
    assert done.returncode == 0, done.stderr[-2000:]
    losses = [item["loss"] for item in read_json(tmp_path / "training.json")["loss"]]
    assert losses[-1] < 0.8 * losses[0]


@pytest.mark.parametrize(
    ("memory", "other", "message"),
    [
        ("bfloat16", {"method": "lora"}, "memory: bfloat16 goes with method: full and precision"),
        ("bfloat16", {"precision": "float32"}, "goes with method: full and precision: bfloat16"),
        ("adam8bit", {"method": "lora"}, "memory: adam8bit goes with method: full and precision"),
        ("nf4", {}, "memory: nf4 goes with method: lora and precision: bfloat16"),
        ("nf4", {"method": "lora", "precision": "float32"}, "goes with method: lora and precision"),
        ("float32", {"shard": True}, "shard: true goes with method: full and devices: 2 or more"),
        ("float32", {"shard": True, "devices": 2, "method": "lora"}, "shard: true goes with"),
    ],
)
def test_what_does_not_go_together(memory: Any, other: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Training(memory=memory, **other)
