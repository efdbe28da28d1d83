"""Training: what comes out, resuming after a kill, LoRA, refusals."""

import json
import math
import os
import re
import signal
import subprocess
import sys
import time
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from limbeck.config import Lora
from limbeck.errors import UserError
from limbeck.files import lock, read_json, write_parquet

from .conftest import TRAINING, make_rows, run, train_options


def weights(checkpoint: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return load_file(checkpoint / "model.safetensors")


def test_checkpoint_is_the_base_with_new_weights(folder: Path, trained: Path) -> None:
    base, checkpoint = folder / "base", trained / "checkpoint"
    assert {path.name for path in base.iterdir()} == {path.name for path in checkpoint.iterdir()}
    for path in base.iterdir():
        same = path.read_bytes() == (checkpoint / path.name).read_bytes()
        assert same == (path.suffix != ".safetensors"), path.name
    old, new = weights(base), weights(checkpoint)
    assert {name: value.dtype for name, value in old.items()} == {
        name: value.dtype for name, value in new.items()
    }


def test_student_learned_to_answer_and_to_stop(trained: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    checkpoint = trained / "checkpoint"
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = AutoModelForCausalLM.from_pretrained(checkpoint)

    def answer(message: str, thinking: bool) -> str:
        prompt = tokenizer.apply_chat_template(
            [{"role": "user", "content": message}],
            add_generation_prompt=True,
            enable_thinking=thinking,
            return_tensors="pt",
            return_dict=True,
        )
        output = model.generate(**prompt, max_new_tokens=64, do_sample=False)
        return str(tokenizer.decode(output[0, prompt["input_ids"].shape[1] :]))

    assert answer("Tafsiri: The farmer sells fish.", False) == "Mkulima anauza samaki.</s>"
    thought = answer("The farmer sells fish.", True)
    assert thought.startswith("<think>\nKiingereza: The ")
    assert "\n</think>\n\n" in thought
    assert thought.endswith(".</s>")


def test_history(trained: Path) -> None:
    history = read_json(trained / "training.json")
    assert history["steps"] == 120
    assert history["loss"][0]["loss"] > 3 * history["loss"][-1]["loss"]
    assert [item["step"] for item in history["validation"]] == [20, 40, 60, 80, 100, 120]
    assert history["rows"]["train"]["used"] == 160
    assert history["rows"]["validation"]["used"] == 16
    assert history["tokens_seen"] == 6 * history["rows"]["train"]["tokens"]
    assert history["precision"] == "float32"
    assert {"torch", "transformers", "unsloth"} <= history["versions"].keys()
    assert history["device"]
    assert history["packed"]
    assert not any("seconds" in name for name in history), "times are in the log"
    assert len(list((trained / "work").glob("*/done"))) == 1, "what it went on from may go"


def kill_once_it_saved(options: list[object], output: Path) -> None:
    """Run the stage, and end it and its processes where a state is saved."""
    command = [sys.executable, "-m", "limbeck.student.train", *map(str, options)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment,
        start_new_session=True,
    )  # fmt: skip
    while not list(output.glob("work/*/state.pt")) and process.poll() is None:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "it ended before it could be killed"
    assert not (output / "checkpoint").exists()


def test_a_killed_training_ends_with_the_same_weights(
    folder: Path, trained: Path, tmp_path: Path
) -> None:
    options = [*train_options(folder, tmp_path), "--save-every", 0]
    kill_once_it_saved(options, tmp_path)
    assert "goes on after step " in run("train", *options).stdout
    history = read_json(tmp_path / "training.json")
    assert history["steps"] == 120
    assert history["loss"][0]["step"] == 1, "the curve is whole"
    whole, resumed = weights(trained / "checkpoint"), weights(tmp_path / "checkpoint")
    assert all(value.equal(resumed[name]) for name, value in whole.items())


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Two devices, or what is taken for them."""
    import torch

    if torch.cuda.device_count() == 1:
        pytest.skip("this machine has one CUDA device, and not two")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    monkeypatch.setenv("TMPDIR", str(tmp_path))


@pytest.mark.usefixtures("two")
def test_two_processes_train_as_one(folder: Path, tmp_path: Path) -> None:
    one = TRAINING.model_copy(update={"epochs": 1.0})  # what rounding changes grows with the steps
    alone = run("train", *train_options(folder, tmp_path / "one", one))
    done = run("train", *train_options(folder, tmp_path / "both", one), "--devices", 2)
    assert done.stdout.count("train: ") == 1, "the first speaks for all"
    assert_alike(tmp_path / "one", tmp_path / "both")
    # What is tried to fit is what comes: about half of a step for each.
    assert largest_batch(done.stdout) < 0.7 * largest_batch(alone.stdout)


def largest_batch(said: str) -> int:
    """The tokens of the batch that was tried."""
    found = re.search(r"the largest batch, of (\d+) tokens, fits", said)
    assert found, said
    return int(found[1])


@pytest.mark.usefixtures("two")
def test_sharded_weights_train_as_whole_ones(folder: Path, tmp_path: Path) -> None:
    one = TRAINING.model_copy(update={"epochs": 1.0})
    run("train", *train_options(folder, tmp_path / "one", one))
    options = [*train_options(folder, tmp_path / "both", one), "--devices", 2, "--shard", 1]
    kill_once_it_saved([*options, "--save-every", 0], tmp_path / "both")
    assert "goes on after step " in run("train", *options).stdout
    assert_alike(tmp_path / "one", tmp_path / "both")
    found = weights(tmp_path / "both/checkpoint")
    assert all(value.dtype == found[name].dtype for name, value in weights(folder / "base").items())


def test_weights_are_not_spread_over_one_device(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    options = [*train_options(folder, tmp_path), "--devices", 1, "--shard", 1]
    done = run("train", *options, check=False)
    assert done.returncode == 1
    assert "error: training.shard: " in done.stderr
    assert "--resources teacher=2 gpu=4" in done.stderr


def assert_alike(alone: Path, together: Path) -> None:
    """Two processes have done what one has."""
    one, both = read_json(alone / "training.json"), read_json(together / "training.json")
    assert both["device"].startswith("2 of ")
    for name in ("loss", "validation"):
        for a, b in zip(one[name], both[name], strict=True):
            assert a == pytest.approx(b, rel=1e-3, abs=1e-3), name
    assert one["tokens_seen"] == both["tokens_seen"]
    whole, shared = weights(alone / "checkpoint"), weights(together / "checkpoint")
    for name, value in whole.items():
        assert value.float().allclose(shared[name].float(), atol=2e-3), name


@pytest.mark.usefixtures("two")
def test_a_fault_of_all_processes_is_one_line(folder: Path, tmp_path: Path) -> None:
    training = TRAINING.model_copy(update={"max_length": 4})
    done = run("train", *train_options(folder, tmp_path, training), "--devices", 2, check=False)
    assert done.returncode == 1
    assert done.stderr.count("error: ") == 1, done.stderr
    assert "no row to train on" in done.stderr
    assert not list(tmp_path.glob("work/*/done"))


def test_a_process_that_joins_reads_no_file_to_name_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from limbeck.student import ranks, train

    found: list[Path] = []
    monkeypatch.setattr(ranks, "joined", lambda: True)
    monkeypatch.setattr(train, "train", lambda options, folder: found.append(folder))
    monkeypatch.setattr(sys, "argv", ["train", *map(str, train_options(tmp_path, tmp_path))])
    monkeypatch.setenv(train.FOLDER, "as/the/first/says")
    train.main()  # of a base and rows that are not there
    assert found == [Path("as/the/first/says")]


JOINED = """
import socket
with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
import os
os.environ |= {"LIMBECK_RANK": f"0/1/{port}", "CUDA_VISIBLE_DEVICES": ""}
import torch
from limbeck.student import ranks
assert ranks.joined()
group = torch.distributed.group.WORLD
print(group._get_backend(torch.device("cpu")).options._timeout.days)
"""


def test_processes_wait_for_one_that_writes_for_hours() -> None:
    done = subprocess.run([sys.executable, "-c", JOINED], capture_output=True, text=True)
    assert done.stdout == "1\n", done.stderr


def test_a_second_training_of_a_student_is_refused(folder: Path, tmp_path: Path) -> None:
    from limbeck.student.train import Settings, run_folder

    settings = Settings(training=TRAINING, seed=1, trust_remote_code=False)
    data = [folder / "train.parquet", folder / "validation.parquet"]
    own = run_folder(tmp_path / "work", folder / "base", data, settings)
    held = lock.take(own.with_suffix(".lock"), "it", "has it")
    done = run("train", *train_options(folder, tmp_path), check=False)
    os.close(held)
    assert done.returncode == 1
    [line] = done.stderr.strip().splitlines()
    assert line.startswith(f"error: {own}: process {os.getpid()} on ")
    assert line.endswith("trains this student already")


def test_products_are_of_the_type_that_is_faster_here(folder: Path, tmp_path: Path) -> None:
    changes = {"precision": "bfloat16", "max_steps": 3, "validations": 0}
    options = train_options(folder, tmp_path, TRAINING.model_copy(update=changes))
    done = run("train", *options)
    said = re.findall("training: (.+); float32 is used instead", done.stdout)
    reasons = {
        "this device has no bfloat16",
        "this processor multiplies bfloat16 no faster than float32",
    }
    assert set(said) <= reasons
    used = read_json(tmp_path / "training.json")["precision"]
    assert used == ("float32" if said else "bfloat16")


def test_lora_is_merged_into_a_plain_checkpoint(folder: Path, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    lora = Lora(rank=4, alpha=8, dropout=0.05, targets=["k_proj", "v_proj", "down_proj"])
    changes = {"method": "lora", "lora": lora, "epochs": 1.0}
    changes |= {"precision": "bfloat16"}  # which rounds no weight that stays as it is
    run("train", *train_options(folder, tmp_path, TRAINING.model_copy(update=changes)))
    old, new = weights(folder / "base"), weights(tmp_path / "checkpoint")
    assert old.keys() == new.keys(), "no adapter is left beside the weights"
    changed = {name for name in old if not old[name].equal(new[name])}
    assert {name.split(".")[-2] for name in changed} == set(lora.targets or [])
    AutoModelForCausalLM.from_pretrained(tmp_path / "checkpoint")
    losses = [item["loss"] for item in read_json(tmp_path / "training.json")["loss"]]
    assert all(math.isfinite(loss) for loss in losses)
    assert losses[-1] < losses[0]


RENEWED = """
import sys
from pathlib import Path
from types import SimpleNamespace

from limbeck.student import trainer  # first: it imports Unsloth
import torch
from limbeck.config import Lora, Training

base = Path(sys.argv[1])
lora = Lora(rank=4, alpha=8, targets=["k_proj", "down_proj"])
training = Training(method="lora", lora=lora, precision="float32", max_length=128)
settings = SimpleNamespace(training=training, seed=1, trust_remote_code=False)
model, _, _ = trainer.load(base, settings)
trained = {name: one for name, one in model.named_parameters() if one.requires_grad}
for weight in trained.values():
    torch.nn.init.normal_(weight, std=0.05)
trained = {name: weight.detach().clone() for name, weight in trained.items()}
fresh = trainer.renewed(model, trained, base, settings).merge_and_unload().state_dict()
before = trainer.plain(model, trained, base, settings).state_dict()
assert fresh.keys() == before.keys()
assert all(value.equal(fresh[name]) for name, value in before.items())
"""


def test_adapters_are_merged_into_a_base_that_is_read_anew(folder: Path) -> None:
    """The weights of a base that was held in 4 bits come from its files, and from nowhere else."""
    command = [sys.executable, "-c", RENEWED, str(folder / "base")]
    done = subprocess.run(
        command, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"}
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_four_bits_without_cuda_are_one_line(folder: Path, tmp_path: Path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a CUDA device")
    changes = {"method": "lora", "memory": "nf4", "precision": "bfloat16"}
    done = run(
        "train", *train_options(folder, tmp_path, TRAINING.model_copy(update=changes)), check=False
    )
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1] == (
        "error: training.memory: nf4: it needs a CUDA device, and there is none here; allowed "
        "here: float32"
    )


def test_adapters_of_layers_that_are_not_there_are_an_error(folder: Path, tmp_path: Path) -> None:
    changes = {"method": "lora", "lora": Lora(targets=["k_proj", "key"])}
    done = run(
        "train", *train_options(folder, tmp_path, TRAINING.model_copy(update=changes)), check=False
    )
    assert done.returncode == 1
    assert (
        done.stderr.strip()
        .splitlines()[-1]
        .startswith(
            "error: training.lora.targets: key: the base has no such linear layers, but down_proj, "
        )
    )


def test_run_folder_is_named_by_what_decides_the_result(folder: Path, tmp_path: Path) -> None:
    from limbeck.student.train import Settings, run_folder

    data = [folder / "train.parquet", folder / "validation.parquet"]

    def name(seed: int = 1, code: str = "", **changes: Any) -> str:
        training = TRAINING.model_copy(update=changes)
        settings = Settings(training=training, seed=seed, trust_remote_code=False)
        return run_folder(tmp_path, folder / "base", data, settings, code).name

    assert name() == name(device_tokens=3)
    others = name(seed=2), name(code="a"), name(learning_rate=1e-3), name(epochs=1.0)
    assert len({name(), *others}) == 5


@pytest.mark.parametrize(
    ("rows", "max_length", "message"),
    [
        ([], 128, "no row to train on (0 rows, 0 over training.max_length 128)"),
        (make_rows(8), 4, "no row to train on (8 rows, 8 over training.max_length 4)"),
        (make_rows(8), 20, "most of 8 rows are lost: "),
    ],
)
def test_nothing_to_train_on(
    folder: Path, tmp_path: Path, tokenizer: Any, rows: Any, max_length: int, message: str
) -> None:
    import pyarrow as pa

    from limbeck.student.train import Settings, encode

    turn = pa.struct([("role", pa.string()), ("content", pa.string())])
    schema = pa.schema([("messages", pa.list_(turn)), ("form", pa.string())])
    path = tmp_path / "train.parquet"
    write_parquet(path, rows, schema)
    training = TRAINING.model_copy(update={"max_length": max_length})
    settings = Settings(training=training, seed=1, trust_remote_code=False)
    options = Namespace(train=path, validation=path, settings=settings)
    with pytest.raises(UserError, match=re.escape(message)):
        encode(tokenizer, folder / "base", options)


def test_help_is_quick_and_settings_are_closed(folder: Path, tmp_path: Path) -> None:
    for module in ("base", "train", "converter", "export", "quantize", "parity"):
        assert "python -m limbeck.student." in run(module, "--help").stdout
    options = train_options(folder, tmp_path)
    at = options.index("--settings") + 1
    options[at] = json.dumps({**json.loads(str(options[at])), "sead": 1})
    done = run("train", *options, check=False)
    assert done.returncode == 2
    assert "sead" in done.stderr
