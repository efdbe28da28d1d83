"""What a job may ask of a cluster's nodes, and how much memory a model is asked for."""

import math
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from configs import ROOT
from limbeck.config import Classifier, Student, Training
from limbeck.errors import UserError
from limbeck.workflow import cluster, digest, memory
from limbeck.workflow.cluster import Machine, Partition

SINFO = """\
cpu*|16|64000|(null)|infinite
cpu*|64|512000+|(null)|infinite
gpu|32|256000|gpu:a100:4(S:0-1),shard:8|1-12:00:00
gpu|128|1000000|gpu:h100:8(S:0-1),gpu:mig:2|1-12:00:00
test|4|8000|(null)|30:00
"""


@pytest.fixture
def known() -> dict[str, Partition]:
    return cluster.read(SINFO.splitlines())


def test_a_partition_is_its_largest_node(known: dict[str, Partition]) -> None:
    assert known == {
        "cpu": Partition(64, 512_000, 0, math.inf),
        "": Partition(64, 512_000, 0, math.inf),
        "gpu": Partition(128, 1_000_000, 10, 36 * 60),
        "test": Partition(4, 8_000, 0, 30),
    }


@pytest.mark.parametrize(
    ("threads", "resources", "said"),
    [
        (64, {"mem_mb": 512_000, "gpu": 0}, None),
        (65, {}, "train asks for 65 threads, but no node of the default partition has more"),
        (1, {"mem_mb": 600_000}, "600,000 MB of memory"),
        (1, {"gpu": 1}, "1 GPUs"),
        (1, {"gpu": 1, "mem_mb": 600_000, "slurm_partition": "gpu"}, None),
        (1, {"gpu": 11, "slurm_partition": "gpu"}, "has more than 10: it would wait for ever"),
        (1, {"slurm_partition": "huge"}, "partition 'huge'; there are cpu, gpu"),
        (1, {"runtime": 99_999}, None),
        (1, {"runtime": 2160, "slurm_partition": "gpu"}, None),
        (1, {"runtime": 2880, "slurm_partition": "gpu"}, "2,880 minutes, but .* more than 2,160:"),
        (1, {"mem_mb": "<TBD>"}, None),
    ],
)
def test_what_no_node_has_is_refused(
    known: dict[str, Partition], threads: int, resources: dict[str, object], said: str | None
) -> None:
    if said is None:
        cluster.refuse("train", threads, resources, known)
        return
    with pytest.raises(UserError, match=said) as error:
        cluster.refuse("train", threads, resources, known)
    assert "\n" not in str(error.value)


def machine(executor: str) -> Machine:
    return Machine(SimpleNamespace(executor_plugin=SimpleNamespace(name=executor)))


def test_jobs_ask_for_what_the_nodes_have(
    known: dict[str, Partition], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "partitions", lambda: known)
    there = machine("slurm")
    assert there.threads(16) == 16
    assert there.threads(1000) == 128
    assert [there.training_threads(devices) for devices in (1, 4, 10)] == [4, 16, 40]
    assert (there.gpu(True), there.gpu(False)) == (1, 0)
    assert str(there.gpu(True)) == "1", "it is part of a command line"
    # More at each attempt, up to what there is.
    assert [there.memory(400_000, attempt) for attempt in (1, 2, 3)] == [
        400_000, 800_000, 1_000_000,
    ]  # fmt: skip
    assert machine("slurm-jobstep").threads(1000) == 128
    assert machine("local").threads(1000) == 1000


def test_no_gpu_is_asked_of_a_cluster_without_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "partitions", lambda: {"": Partition(2, 24_000, 0)})
    assert (machine("slurm").gpu(), machine("slurm").training_threads(1)) == (0, 2)


@pytest.mark.parametrize(
    ("devices", "gpus"),
    [
        (["nvidia0", "nvidiactl"], 1),
        (["nvidia1", "nvidiactl"], 1),  # of a container that was given the second
        (["nvidia12"], 1),
        (["dxg"], 1),  # WSL 2
        (["nvidiactl", "nvidia-uvm"], 0),  # the driver alone
        ([], 0),
    ],
)
def test_a_gpu_of_this_machine_is_seen(
    devices: list[str], gpus: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in devices:
        (tmp_path / name).touch()
    monkeypatch.setattr(cluster, "_DEVICES", tmp_path)
    here = machine("local")
    assert (here.gpu(), here.gpu(False)) == (gpus, 0)
    assert [here.training_threads(count) for count in (1, 4)] == ([4, 16] if gpus else [16, 16])


@pytest.mark.parametrize(
    ("base", "billions"),
    [
        ("builtin:tiny", 0.01),
        ("meta-llama/Llama-3.1-8B-Instruct", 8),
        ("HuggingFaceTB/SmolLM2-135M-Instruct", 0.135),
        ("mistralai/Mixtral-8x7B-v0.1", 56),
        ("Qwen/Qwen3-30B-A3B@0123abcd4b", 30),
        ("owner/repo-1.5b-GGUF/repo-q8_0.gguf", 1.5),
        ("ibm-granite/granite-4.0-micro", 3.4),
        ("owner/name", 4),  # the name does not tell
    ],
)
def test_the_size_of_a_base_is_in_its_name(base: str, billions: float) -> None:
    assert memory.parameters(base) == pytest.approx(billions * 1e9)


def test_the_size_of_a_base_here_is_that_of_its_files(tmp_path: Path) -> None:
    for name in ("model-1.safetensors", "model-2.safetensors"):
        (tmp_path / name).write_bytes(b"0" * 5_000_000)
    assert memory.parameters(str(tmp_path)) == 5e6


def test_memory_follows_what_is_done_with_a_model() -> None:
    students = {
        "big": Student(base="owner/model-3B"),
        "later": Student(base="student:big", training=Training(method="lora")),
        "lean": Student(base="owner/model-3B", training=Training(memory="bfloat16")),
    }
    assert memory.student("big", students) == 4_000 + 48_000
    assert memory.student("later", students) == 4_000 + 12_600, "of the size of what it began with"
    assert memory.student("lean", students) == 4_000 + 24_000
    small = Training(method="lora", memory="nf4")
    assert memory.of_training(Training(memory="adam8bit")) == 6
    assert memory.of_training(small) == pytest.approx(1.0)
    sharded = [Training(devices=devices, shard=True) for devices in (2, 8)]
    assert [memory.on_each(one) for one in sharded] == [8, 4], "to read the weights takes 4"
    assert memory.on_each(Training(devices=2)) == 16
    own = Classifier(kind="icl", base="student:later")
    assert memory.classifier(own, students) == 4_000 + 12_000
    assert memory.classifier(Classifier(kind="linear"), {}) == 2_000


@pytest.mark.parametrize(
    ("section", "size"),
    [
        (Training(), 28),  # two states of 12, and the weights of the best validation
        (Training(memory="bfloat16"), 14),
        (Training(memory="adam8bit"), 10),
        (Training(method="lora"), 0.35),
        (Training(method="lora", memory="nf4"), 0.35),
    ],
)
def test_a_training_keeps_two_states_and_its_best_weights(section: Training, size: float) -> None:
    """The room below which the loop saves nothing in between, as doctor counts it."""
    assert memory.kept(section) == pytest.approx(size)


def test_a_training_has_two_days() -> None:
    """Of whatever kind; but classifiers that take seconds are in a group, where all are short."""
    profile = yaml.safe_load((ROOT / "profiles/slurm/profile.yaml").read_text())
    [value] = (one for one in profile["default-resources"] if one.startswith("runtime="))
    given = SimpleNamespace(value=int(value.partition("=")[2]))
    known = SimpleNamespace(evaluate=lambda *_, **__: given)
    settings = SimpleNamespace(default_resources={"runtime": known})
    there = Machine(SimpleNamespace(resource_settings=settings))
    assert [there.minutes(None, {}, 1, times) for times in (1, 4)] == [12 * 60, 48 * 60]
    assert there.minutes("swh_Latn-topic", {}, 1, 4) == cluster.GROUPED
    for name, file in (("train_student", "student"), ("train_classifier", "classification")):
        rule = (ROOT / f"rules/{file}.smk").read_text().partition(f"rule {name}:")[2]
        assert "times=4" in rule.partition("\nrule ")[0]


FETCHING = {
    f"limbeck.{name}"
    for name in ("student.base", "dataset.filters.language_id", "dataset.filters.tokens")
}


def test_the_jobs_that_fetch_from_the_hub_are_named() -> None:
    """Of nodes without a network."""
    said = (ROOT / "docs/cluster.md").read_text(encoding="utf-8")
    named = said[said.index("What is no job.") : said.index("Before it.")]
    for path in sorted(ROOT.glob("rules/*.smk")):
        for rule in re.split(r"^rule ", path.read_text(encoding="utf-8"), flags=re.M)[1:]:
            stage = re.search(r"python -m (limbeck[\w.]+)", rule)
            # Verdicts share their intervals with scores, and identify no language.
            if "localrule: True" in rule or stage is None or rule.startswith("judge_pairs"):
                continue
            if digest._reached([stage[1]], ()) & FETCHING:
                assert f"`{rule.partition(':')[0]}`" in named
