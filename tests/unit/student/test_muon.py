"""Muon: steps that are orthogonal, as long as Adam's, and go on bit by bit."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from limbeck.config import Training
from limbeck.files import read_json

from .conftest import TRAINING, make_rows, run, train_options


@pytest.mark.parametrize("shape", [(3, 32, 32), (2, 32, 48), (2, 32, 96), (1, 8, 256)])
def test_singular_values_are_near_one(shape: tuple[int, ...]) -> None:
    import torch

    from limbeck.student.muon import orthogonal

    torch.manual_seed(1)
    matrices = 1e-4 * torch.randn(shape)
    found = torch.linalg.svdvals(orthogonal(matrices))
    assert float(found.quantile(0.1)) > 0.2
    assert float(found.max()) < 1.9
    assert orthogonal(torch.zeros(shape)).equal(torch.zeros(shape))


@pytest.mark.parametrize("shape", [(32, 32), (32, 48), (32, 96), (96, 32)])
def test_a_step_has_the_directions_of_the_momentum_all_equally_strong(
    shape: tuple[int, int],
) -> None:
    import torch

    from limbeck.student.muon import MOMENTUM, Muon

    torch.manual_seed(2)
    start, rate, decay = torch.randn(shape), 0.01, 0.1
    weight = torch.nn.Parameter(start.clone())
    group = {"params": [weight], "lr": rate, "weight_decay": decay, "orthogonal": True}
    optimizer = Muon([group], betas=(0.9, 0.98))
    wanted, momentum = start.clone(), torch.zeros(shape)
    for _ in range(3):
        weight.grad = torch.randn(shape)
        momentum = MOMENTUM * momentum + (1 - MOMENTUM) * weight.grad
        left, _, right = torch.linalg.svd(
            MOMENTUM * momentum + (1 - MOMENTUM) * weight.grad, full_matrices=False
        )
        wanted = (1 - rate * decay) * wanted - rate * 0.2 * max(shape) ** 0.5 * left @ right
        optimizer.step()
    moved, wanted = (weight.detach() - start).flatten(), (wanted - start).flatten()
    # Three rounds leave most singular values between 0.2 and 1.9.
    assert float(torch.cosine_similarity(moved, wanted, dim=0)) > 0.9
    assert 1 < float(moved.norm() / wanted.norm()) < 1.3


def test_it_goes_on_bit_by_bit(folder: Path, tokenizer: Any, tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    from limbeck.student.encoding import dataset, stop_tokens
    from limbeck.student.loop import Loop, scheduled

    torch.set_num_threads(1)
    rows, _ = dataset(tokenizer, make_rows(48), stop_tokens(tokenizer, {}), 128)

    class Settings:
        seed = 5
        training = Training(
            optimizer="muon", learning_rate=1e-3, adamw_learning_rate=4e-3, epochs=2.0,
            step_tokens=400, validations=1,
        )  # fmt: skip

    def loop(name: str) -> Any:
        model = AutoModelForCausalLM.from_pretrained(folder / "base", dtype=torch.float32)
        return Loop(
            model, {"train": rows, "validation": []}, Settings(), tmp_path / name,
            way="positions", device_tokens=512, save_every=1e9, autocast=False,
        )  # fmt: skip

    whole, part = loop("a"), loop("b")
    embedding = whole.model.get_input_embeddings().weight
    groups = {bool(group["orthogonal"]): group for group in whole.optimizer.param_groups}
    turned = {id(weight) for weight in groups[True]["params"]}
    assert id(embedding) not in turned
    assert len(turned) == 7 * len(whole.model.model.layers)
    assert {turns: group["peak"] for turns, group in groups.items()} == {True: 1e-3, False: 4e-3}
    whole.run()
    last = scheduled(len(whole.steps) - 1, len(whole.steps), whole.training)
    for group in groups.values():
        assert group["lr"] == pytest.approx(last * group["peak"])
    assert whole.losses[-1] < 0.8 * whole.losses[0]
    part.model.train()
    for step in part.steps[:4]:
        part._step(step)
    part._save()
    rest = loop("b")
    rest.run()
    assert rest.losses == whole.losses
    assert all(weight.equal(rest.weights[name]) for name, weight in whole.weights.items())


@pytest.mark.parametrize("method", ["full", "lora"])
def test_the_stage_trains_so(folder: Path, tmp_path: Path, method: str) -> None:
    changes = {"optimizer": "muon", "method": method, "learning_rate": 5e-3, "epochs": 2.0}
    run("train", *train_options(folder, tmp_path, TRAINING.model_copy(update=changes)))
    losses = [item["loss"] for item in read_json(tmp_path / "training.json")["loss"]]
    assert losses[-1] < 0.9 * losses[0]


@pytest.mark.parametrize("other", [{"memory": "bfloat16"}, {"devices": 2, "shard": True}])
def test_what_does_not_go_with_it(other: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="optimizer: muon goes with memory: float32 and sh"):
        Training(optimizer="muon", **other)
