"""Training in bfloat16: rounding loses nothing on the average."""

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


def test_small_steps_count() -> None:
    import torch

    from limbeck.student.rounding import RoundedAdamW

    torch.manual_seed(1)
    weights = {kind: torch.nn.Parameter(torch.ones(50_000, dtype=kind))
               for kind in (torch.bfloat16, torch.float32)}  # fmt: skip
    ours = RoundedAdamW([weights[torch.bfloat16]], betas=(0.9, 0.999))
    theirs = torch.optim.AdamW([weights[torch.float32]], betas=(0.9, 0.999), weight_decay=0.0)
    for _ in range(50):
        for optimizer, weight in zip((ours, theirs), weights.values(), strict=True):
            optimizer.param_groups[0]["lr"] = 1e-5  # to the nearest, each step would be lost
            weight.grad = torch.ones_like(weight)
            optimizer.step()
    moved, wanted = (1 - float(weight.detach().float().mean()) for weight in weights.values())
    assert moved == pytest.approx(wanted, rel=0.1)


def test_it_trains_as_float32_does_and_goes_on_bit_by_bit(
    folder: Path, tokenizer: Any, tmp_path: Path
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
        kind = getattr(torch, memory)
        model = AutoModelForCausalLM.from_pretrained(folder / "base", dtype=kind)
        return Loop(
            model, {"train": rows, "validation": []}, Settings(memory), tmp_path / name,
            way="positions", device_tokens=512, save_every=1e9, autocast=True,
        )  # fmt: skip

    whole, wide, part = loop("bfloat16", "a"), loop("float32", "b"), loop("bfloat16", "c")
    whole.run()
    wide.run()
    assert whole.losses[-1] == pytest.approx(wide.losses[-1], rel=0.03)
    part.model.train()
    torch.manual_seed(part.seed)
    for step in part.steps[:4]:
        part._step(step)
    part._save()
    rest = loop("bfloat16", "c")
    rest.run()
    assert rest.losses == whole.losses
    assert all(weight.equal(rest.weights[name]) for name, weight in whole.weights.items())
    kept = whole.optimizer.state_dict()["state"][0]
    assert kept["first"].dtype == kept["second"].dtype == torch.bfloat16


def test_the_stage_trains_so(folder: Path, tmp_path: Path) -> None:
    lean = {"memory": "bfloat16", "precision": "bfloat16", "epochs": 1.0}
    run("train", *train_options(folder, tmp_path, TRAINING.model_copy(update=lean)))
    losses = [item["loss"] for item in read_json(tmp_path / "training.json")["loss"]]
    assert losses[-1] < 0.8 * losses[0]


@pytest.mark.parametrize("other", [{"method": "lora"}, {"precision": "float32"}])
def test_what_does_not_go_with_it(other: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="memory: bfloat16 goes with method: full and"):
        Training(memory="bfloat16", **other)
