"""Hours of training and scoring: by formulas, by what was measured, and as a plan says them."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from limbeck import config
from limbeck.config import CHIPS, Benchmarks, Chip, Choice, Student, chip
from limbeck.costs import amounts, effort, hours, measured
from limbeck.costs.accelerator import Device
from limbeck.costs.measured import Like
from limbeck.costs.plan import summary
from limbeck.files import write_json, write_parquet, write_text
from limbeck.languages import resolve
from limbeck.workflow.build import Build

ROOT = Path(__file__).parents[3]
ROUND = Chip(flops=1e15, bandwidth=1e12, memory=1e11)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("NVIDIA H100 80GB HBM3", "H100"),
        ("NVIDIA H100 PCIe", "H100 PCIe"),
        ("NVIDIA A100-SXM4-80GB", "A100 80GB"),
        ("NVIDIA A100-PCIE-40GB", "A100 40GB"),
        ("NVIDIA GeForce RTX 3090", "RTX 3090"),
        ("NVIDIA L4", "L4"),
        ("NVIDIA L40S", "L40S"),
        ("Tesla T4", None),
        ("the processor", None),
    ],
)
def test_a_device_is_known_by_what_its_driver_says(said: str, name: str | None) -> None:
    assert chip(said) == name


def test_the_devices_are_in_the_docs() -> None:
    text = (ROOT / "docs/rehearsal.md").read_text()
    for name, one in CHIPS.items():
        figures = (
            f"{one.flops / 1e12:.0f}",
            f"{one.bandwidth / 1e12:g}",
            f"{one.memory / 1e9:.0f}",
        )
        assert f"| {name} | {' | '.join(figures)} |" in text


@pytest.mark.parametrize(
    ("method", "seconds"),
    # 6 or 4 x 3 billion x 10 million = 180 or 120 thousand billion, at 0.3 of a thousand billion.
    [("full", 600.0), ("lora", 400.0)],
)
def test_seconds_of_a_training(method: str, seconds: float) -> None:
    assert hours.training(3e9, 1e7, method, ROUND) == pytest.approx(seconds)


def test_seconds_of_reading_and_writing() -> None:
    assert hours.reading(3e9, 1e7, ROUND) == pytest.approx(200.0)
    # 6 GB are read 1,000 times, 16 items beside each other or one after the other.
    assert hours.writing(6e9, 16_000, "transformers", 16, ROUND) == pytest.approx(60.0)
    assert hours.writing(6e9, 1_000, "llama.cpp", 1, ROUND) == pytest.approx(12.0)


def benchmarks(**changes: Any) -> Benchmarks:
    values = yaml.safe_load((ROOT / "config/config.yaml").read_text())["benchmarks"]
    return Benchmarks.model_validate(values | changes)


@pytest.mark.parametrize(
    ("translates", "choose_by", "thinking", "tokens"),
    [
        (True, "likelihood", False, 50 * 10),  # as long as what is translated
        (True, "likelihood", True, 450 * 10),
        (False, "likelihood", False, 0),
        (False, "generation", False, 25 * 10),
        (False, "likelihood", True, 425 * 10),
    ],
)
def test_what_a_score_reads_and_writes(
    translates: bool, choose_by: Choice, thinking: bool, tokens: float
) -> None:
    shots = [{"role": "user", "content": "x" * 400}]
    asked = [[*shots, {"role": "user", "content": "x" * size}] for size in (150, 250)]
    found = amounts.items(asked, translates)
    assert found == amounts.Items(2, 100.0, 50.0, translates)
    assert found.read(10) == 100 + 10 * 50
    assert found.written(10, choose_by, thinking) == tokens


@pytest.mark.parametrize(
    ("training", "tokens"),
    [
        # Eight rows of 100 tokens; one is held out, and another is longer than `max_length`.
        ({}, 800),
        ({"epochs": 2.5}, 2000),
        ({"max_steps": 7, "step_tokens": 64}, 448),
        ({"max_steps": 7, "step_rows": 4}, 2800),
        # None of the nine fits: they are taken to be as long as may be.
        ({"max_length": 60}, 540),
    ],
)
def test_what_a_student_learns(training: dict[str, Any], tokens: float) -> None:
    rows = [
        {"id": f"text-{n}", "strategy": "text", "source": "x",
         "messages": [{"role": "assistant", "content": "x" * size}]}
        for n, size in enumerate([400] * 9 + [9000])
    ]  # fmt: skip
    wanted = {"texts": 10, "validation": 0.0}
    values = {"base": "b", "mixture": wanted, "training": {"max_length": 2000, **training}}
    student = Student.model_validate(values)
    told = ROOT / "config/prompts/dataset.yaml"
    card = dict(resolve("Swahili").card())
    assert amounts.trained(rows, student, card, told, 1, 0.25) == pytest.approx(tokens)


LOG = "unchanged since yesterday; its log:\ntraining: 9,000 tokens in 10.00 s, loss 1.0\n"


def job(log: Path, said: str, seconds: float) -> None:
    write_text(log, said)
    write_text(log.with_suffix(".tsv"), f"s\tmax_rss\n{seconds}\tNA\n")


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a run of two students, one of which started from the other; no GPU."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(effort, "device", lambda: Device("the processor", 0, False))
    (tmp_path / "config").symlink_to(ROOT / "config")
    built = {"one": {"base": "b"}, "two": {"base": "student:one"}, "gone": None}
    write_json(tmp_path / "logs/config.json", {"students": built})
    for name in ("one", "two"):
        history = {"device": "NVIDIA L4"}
        write_json(tmp_path / f"results/swh_Latn/{name}/training.json", history)
        job(tmp_path / f"logs/swh_Latn/{name}/train_student.log", LOG, 15.0)
    log = tmp_path / "logs/swh_Latn/scores/one/Q8_0/sib200/score_model.log"
    job(log, "sib200: accuracy 50.0 [40.0, 60.0] on 10 items in 2.00 s, 0 unparsed, 0 cut", 5.0)
    return tmp_path


def test_what_was_measured_of_a_base(there: Path) -> None:
    speed = measured.training(Like("b", "full", None))
    assert speed is not None
    assert (speed.amount, speed.jobs) == (18_000, 2)
    assert speed.of(27_000) == pytest.approx(30.0 + 5.0)  # 900 tokens a second, and the start
    speed = measured.scoring(Like("b", "full", "L4"), "Q8_0", "sib200")
    assert speed is not None
    assert speed.of(100) == pytest.approx(20.0 + 3.0)


def test_tokens_of_a_byte_are_counted_in_the_language(there: Path) -> None:
    like = Like("b", "full", None)
    assert measured.token(like, "swh_Latn") is None
    for folder in there.glob("results/swh_Latn/*"):
        rows = [{"messages": [{"role": "user", "content": "x" * size}]} for size in (40, 900, 60)]
        write_parquet(folder / "train.parquet", rows, None)
        # The longest was dropped.
        counted = {"device": "NVIDIA L4", "rows": {"train": {"tokens": 45, "used": 2}}}
        write_json(folder / "training.json", counted)
    assert measured.token(like, "swh_Latn") == pytest.approx(0.45)
    assert measured.token(like, "amh_Ethi") is None


@pytest.mark.parametrize(
    "like", [Like("c", "full", None), Like("b", "lora", None), Like("b", "full", "H100")]
)
def test_another_base_method_or_device_was_not_measured(there: Path, like: Like) -> None:
    assert measured.training(like) is None


def test_a_training_that_went_on_says_nothing_of_its_speed(there: Path) -> None:
    for log in there.glob("logs/*/*/train_student.log"):
        write_text(log, "training: goes on after step 9\n" + LOG)
    assert measured.training(Like("b", "full", None)) is None


def test_a_rehearsal_was_measured_too(there: Path) -> None:
    (there / "rehearsal").mkdir()
    (there / "logs/config.json").rename(there / "rehearsal/config.json")
    assert measured.training(Like("b", "full", None)) is None
    for name in ("logs", "results"):
        (there / name).rename(there / "rehearsal" / name)
    assert measured.training(Like("b", "full", None)) is not None


def planned(**changes: Any) -> list[dict[str, Any]]:
    """The students of a plan that asks for little."""
    values = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    values["conversations"]["limit"], values["classification"]["tasks"] = 20, []
    values["benchmarks"]["run"] = ["sib200"]
    own = {"base": "b", "training": {"max_steps": 100, "step_tokens": 1000}}
    values["students"] = {"own": own | changes.pop("student", {})}
    build = Build(config.load(values | changes), [resolve("Swahili")])
    found: list[dict[str, Any]] = summary(build, Path("nowhere"))["students"]
    return json.loads(json.dumps(found))


H100 = {"device": "H100", "price": 2.0}


def test_a_plan_estimates_where_nothing_was_measured(there: Path) -> None:
    student = {"base": "owner/name-7B", "training": {
        "method": "lora", "max_steps": 100, "step_tokens": 1000}}  # fmt: skip
    training, scoring = planned(hardware=H100, student=student)
    seconds = 4 * 7e9 * 100_000 / (989e12 * 0.3)
    assert training == {
        "student": "own", "kind": "training", "tokens": 100_000, "basis": "estimated",
        "note": "H100", "hours": pytest.approx(seconds / 3600),
        "dollars": pytest.approx(seconds / 1800),
    }  # fmt: skip
    assert (scoring["basis"], scoring["kind"]) == ("estimated", "scoring")
    assert 0 < scoring["hours"] < 1


def test_a_gguf_file_gains_nothing_of_a_gpu_that_llama_cpp_cannot_use(
    there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hours of checkpoints are estimated by the GPU, those of files are not known."""
    monkeypatch.setattr(effort, "device", lambda: Device("NVIDIA L4", 24 * 2**30, True))
    monkeypatch.setattr(effort, "llama_is_for_cuda", lambda: False)
    [training, scoring] = planned(student={"base": "owner/name-1B"})
    assert training["basis"] == "estimated"
    assert (scoring["basis"], scoring["hours"]) == ("not known", None)
    assert scoring["note"] == "how fast llama.cpp is here, built for the processor alone"
    monkeypatch.setattr(effort, "llama_is_for_cuda", lambda: True)
    assert planned(student={"base": "owner/name-1B"})[1]["basis"] == "estimated"


def test_a_gguf_file_writes_as_many_items_at_once_as_the_config_says(there: Path) -> None:
    write_json(there / "results/swh_Latn/own/training.json", {})
    for form in ("base", "student", "Q8_0", "Q4_K_M"):
        write_json(there / f"results/swh_Latn/scores/own/{form}/flores_into_english.json", {})
    hours = []
    for batch in (1, 16):
        asking = benchmarks(run=["flores_into_english"], batch=batch, limit=100).model_dump()
        [_, scoring] = planned(hardware=H100, student={"base": "owner/name-7B"}, benchmarks=asking)
        hours.append(scoring["hours"])
    assert hours[0] > 8 * hours[1] > 0


def test_a_base_that_the_device_cannot_train_is_said(there: Path) -> None:
    training, _ = planned(hardware=H100, student={"base": "owner/name-7B"})
    assert training["note"] == "H100, whose 80 GB are less than the 112 needed"


def test_a_plan_takes_what_was_measured(there: Path) -> None:
    training, scoring = planned()
    assert (training["basis"], training["dollars"]) == ("measured", None)
    assert training["hours"] * 3600 == pytest.approx(100_000 / 900 + 5)
    # Q8_0 was scored, and no other form: on a machine without a GPU nothing is known of these.
    assert (scoring["basis"], scoring["hours"]) == ("not known", None)


def test_what_is_there_is_not_planned(there: Path) -> None:
    write_json(there / "results/swh_Latn/own/training.json", {})
    for form in ("base", "student", "F16", "Q8_0", "Q4_K_M"):
        write_json(there / f"results/swh_Latn/scores/own/{form}/sib200.json", {})
    for work in planned(hardware=H100):
        figures = (work["tokens"], work["hours"], work["dollars"], work["basis"])
        assert figures == (0, 0, 0, "nothing to come")


def test_a_base_is_scored_once_for_all_students_that_begin_with_it(there: Path) -> None:
    own = {"base": "owner/name-7B", "training": {"max_steps": 100}}
    students = {"first": own, "second": own, "other": {**own, "revision": "1" * 40}}

    def tokens() -> list[float]:
        works = planned(hardware=H100, students=students)
        return [work["tokens"] for work in works if work["kind"] == "scoring"]

    first, second, other = tokens()
    assert first == other > second > 0
    write_json(there / "results/swh_Latn/scores/second/base/sib200.json", {})
    assert tokens() == [second, second, other]


def test_a_base_of_unknown_size_is_said(there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    write_text(there / "logs/config.json", "{}")
    training, _ = planned(hardware=H100, student={"base": "owner/name"})
    assert (training["basis"], training["note"]) == ("not known", "how large owner/name is")
