"""What a config needs, and a rehearsal that stops at what is missing: a line each, few calls."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

import configs
import endpoint
from limbeck import config
from limbeck.config.options import merged
from limbeck.costs import accelerator
from limbeck.costs.accelerator import Device
from limbeck.files import write_json, write_text
from limbeck.languages import resolve
from limbeck.rehearsal import folder, machine, needs
from limbeck.rehearsal.machine import GIB, Check
from limbeck.workflow.build import Build
from world import hub

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def values(**changes: Any) -> dict[str, Any]:
    """The default config, some sections of it changed."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    return {**found, **{key: {**found[key], **body} for key, body in changes.items()}}


def build(**changes: Any) -> Build:
    return Build(config.load(values(**changes)), [resolve("Swahili")])


def based(base: str | Path, method: str = "full") -> dict[str, Any]:
    """Students with a base of one's own."""
    return {"students": {"tiny": None, "own": {"base": str(base), "training": {"method": method}}}}


@contextmanager
def device(monkeypatch: pytest.MonkeyPatch, gigabytes: float, count: int = 1) -> Iterator[None]:
    """A GPU of some size, or several."""
    with monkeypatch.context() as patched:
        found = Device("NVIDIA L4", round(gigabytes * GIB), True, count)
        for module in needs, folder:
            patched.setattr(module, "device", lambda: found)
        yield


def sized(path: Path, gigabytes: float) -> Path:
    """A base's weights, of a size and of no content."""
    path.mkdir()
    write_json(path / "config.json", {})
    with (path / "model.safetensors").open("wb") as file:
        file.truncate(round(gigabytes * GIB))
    return path


@pytest.mark.parametrize(
    ("method", "memory", "good", "said"),
    [
        ("full", 80, True, "takes 48 GiB to train; NVIDIA L4 has 80 GiB"),
        ("full", 24, False, "NVIDIA L4 has 24 GiB: training.memory: adam8bit takes 18 GiB"),
        ("lora", 24, True, "takes 6.6 GiB to train"),
        ("lora", 6, False, f"training: {{{config.LORA}, memory: nf4}} takes 3.0 GiB"),
        ("lora", 3, False, "take a smaller base or a larger machine"),
    ],
)
def test_a_base_must_fit_the_device(
    method: str, memory: float, good: bool, said: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(needs.base, "check_small_files", lambda *_: None)
    base = sized(tmp_path / "base", 6)  # 3.2 billion parameters of 16 bits
    with device(monkeypatch, memory):
        [found] = needs.bases(build(**based(base, method)))
    assert found.good == good
    assert said in found.line


@pytest.mark.parametrize(
    ("count", "shard", "lines"),
    [
        (1, True, [(False, "4 GPUs, of which this machine has 1: training.shard needs two"),
                   (False, "NVIDIA L4 has 24 GiB")]),
        (2, True, [(True, "4 GPUs, of which this machine has 2: it takes what there is"),
                   (False, "NVIDIA L4 has 24 GiB")]),
        (3, True, [(True, "this machine has 3"), (True, "takes 16 GiB to train")]),
        (4, True, [(True, "takes 12 GiB to train")]),
        (1, False, [(True, "this machine has 1"), (False, "takes 48 GiB to train")]),
    ],
)  # fmt: skip
def test_devices_are_counted(
    count: int, shard: bool, lines: list[tuple[bool, str]], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(needs.base, "check_small_files", lambda *_: None)
    own = {"base": str(sized(tmp_path / "base", 6)), "training": {"devices": 4, "shard": shard}}
    made = build(students={"tiny": None, "own": own})
    with device(monkeypatch, 24, count):
        found = list(needs.bases(made))
        command = folder.command(made, "all", ROOT)
    for check, (good, said) in zip(found, lines, strict=True):
        assert check.good == good
        assert said in check.line
    assert (f"gpu={count}" in command) == (count > 1), "what is rehearsed has them, too"


def test_all_devices_of_a_machine_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho NVIDIA L4, 23034\necho NVIDIA L40S, 46068\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert accelerator.device() == Device("NVIDIA L40S", 46068 * 2**20, True, 2)


def test_a_base_without_a_chat_template_is_named(tmp_path: Path) -> None:
    base = sized(tmp_path / "base", 0.001)
    [found] = needs.bases(build(**based(base)))
    assert not found.good
    assert found.line.startswith("students.own.base: the tokenizer of")
    assert "\n" not in found.line


def test_a_base_that_is_quantized_is_named(tmp_path: Path) -> None:
    base = sized(tmp_path / "base", 0.001)
    write_json(base / "config.json", {"quantization_config": {"quant_method": "bitsandbytes"}})
    [found] = needs.bases(build(**based(base)))
    assert (found.good, found.line) == (
        False,
        f"students.own.base: the weights of '{base}' are quantized (bitsandbytes); take the "
        "repository that they were made from",
    )


def test_a_disk_that_is_too_small_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needs, "free_disk", lambda: 50 * GIB)
    small, large = sized(tmp_path / "small", 0.5), sized(tmp_path / "large", 60)
    assert needs.disk(build(**based(small))).good
    found = needs.disk(build(**based(large)))
    assert not found.good
    assert found.line.startswith("disk: 50 GiB free here, about ")


@pytest.mark.parametrize(
    ("billions", "way"),
    [(3, "training.memory: bfloat16 takes 23 GiB"), (4, "training.memory: adam8bit takes 23 GiB"),
     (9, f"training: {{{config.LORA}}} takes 19 GiB"),
     (20, f"training: {{{config.LORA}, memory: nf4}} takes 19 GiB"),
     (90, "take a smaller base or a larger machine")],
)  # fmt: skip
def test_a_leaner_training_is_named(billions: int, way: str) -> None:
    assert needs._leaner(billions * 10**9, Device("NVIDIA L4", 30 * GIB, True)) == way


def test_four_bits_need_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Device("the processor", 30 * GIB, False)
    assert needs._leaner(20 * 10**9, here) == "take a smaller base or a larger machine"
    monkeypatch.setattr(needs, "device", lambda: here)
    own = {"base": "builtin:tiny", "training": {"method": "lora", "memory": "nf4"}}
    [found] = needs.bases(build(students={"tiny": None, "own": own}))
    assert not found.good
    assert found.line == (
        "students.own: training.memory: nf4: it needs a CUDA device, and there is none here"
    )


def elsewhere(url: str, **more: Any) -> dict[str, Any]:
    generator = {"model": "any", "server": None, "url": url, **more}
    return {"generator": {**values()["teacher"]["generator"], **generator}}


def form(body: dict[str, Any], before: int) -> Any:
    """An endpoint that keeps to a form where it is told one."""
    schema = body.get("response_format", {}).get("json_schema", {}).get("schema")
    if schema is None:
        return endpoint.completion("Five.")
    [(name, part)] = schema["properties"].items()
    value = part["const"] if "const" in part else [part["items"]["const"]] * part["minItems"]
    return endpoint.completion(json.dumps({name: value}))


ANSWERS = {
    "works": (form, True, "teacher.generator: any: answers, also in a form"),
    "no JSON": (lambda body, before: endpoint.completion("Five."), False, "keeps to no form"),
    "wrong key": (lambda body, before: endpoint.status(401, "no such key"), False, "http 401"),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_a_teacher_is_asked_a_little(case: str, tmp_path: Path) -> None:
    answer, good, said = ANSWERS[case]
    with endpoint.serving(answer) as served:
        [found] = needs.teachers(build(teacher=elsewhere(served.url)), tmp_path)
        assert served.requests < 20
    assert found.good == good
    assert said in found.line
    assert "\n" not in found.line


@configs.apertium("en-eo", "eo-en")
def test_a_translator_is_given_a_text(tmp_path: Path) -> None:
    values = configs.translating("{iso639_1}-en")
    values["teacher"]["generator"] = values["teacher"]["translator"] | {"server": "phrasebook"}
    [found] = needs.teachers(Build(config.load(values), [resolve("Esperanto")]), tmp_path)
    assert found == Check(True, "teacher.translator: eo-en: translates")


def test_a_rehearsal_reads_all_data_of_the_run_and_writes_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (
        "config/a.yaml",
        "resources/own/test.jsonl",
        "resources/llama.cpp/convert.py",
        "resources/conversations.jsonl",
        "results/x/rows.parquet",
        "work/journal/x",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()  # fmt: skip
    made = build()
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        folder.prepare(made, {})
    found = {path.relative_to("rehearsal").as_posix() for path in Path("rehearsal").glob("*/*")}
    assert found == {"config/a.yaml", "resources/own", "resources/llama.cpp", "work/journal"}
    assert Path("rehearsal/resources/own/test.jsonl").is_file()


def rehearsed(own: dict[str, Any], folder: Path, hub_url: str = "http://127.0.0.1:9") -> list[str]:
    """The lines on what is missing, with which `limbeck rehearse` ends."""
    repository = folder / "repository"
    repository.mkdir()
    for name in ("Snakefile", "config", "requirements"):
        (repository / name).symlink_to(ROOT / name)
    write_json(folder / "own.json", own)
    done = subprocess.run(
        [sys.executable, "-m", "limbeck.cli", "rehearse", "--configfile", str(folder / "own.json")],
        capture_output=True, text=True, cwd=repository, env=hub_environment(hub_url, folder),
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert done.stdout.endswith("\nnothing was rehearsed: what is missing would stop it\n")
    lines = done.stdout.splitlines()[:-2]
    assert all(line.startswith(("ok  ", "MISSING  ")) for line in lines), lines
    return [line for line in lines if line.startswith("MISSING")]


def test_nothing_is_rehearsed_where_something_is_missing(tmp_path: Path) -> None:
    """Gated data, no key, a base without a template, one too large, no room: not one call."""
    bare, large = sized(tmp_path / "bare", 0.001), sized(tmp_path / "large", 8000)
    tokenizer(bare, None)
    tokenizer(large, "{{ messages[0].content }}")
    with (
        endpoint.serving(form) as served,
        hub.serving({"owner/gated": {"0" * 40: tmp_path}}, {"owner/gated": "manual"}) as there,
    ):
        generator = {"model": "any", "server": None, "url": served.url}
        students = {"bare": {"base": str(bare)}, "large": {"base": str(large)}, "tiny": None}
        missing = rehearsed(
            {"teacher": {"generator": {**generator, "api_key_env": "NOBODY_SET_THIS"}},
             "conversations": {"source": "owner/gated"}, "students": students},
            tmp_path, there.url,
        )  # fmt: skip
        assert served.requests == 0
    said = ["NOBODY_SET_THIS is not set", "owner/gated: gated: agree to its terms on",
            "has no chat template", "take a smaller base", "GiB needed: make room"]  # fmt: skip
    for line, words in zip(missing, said, strict=True):
        assert words in line


@pytest.mark.parametrize("case", ["no JSON", "wrong key"])
def test_nothing_is_rehearsed_with_a_teacher_who_cannot(case: str, tmp_path: Path) -> None:
    answer, _, said = ANSWERS[case]
    with endpoint.serving(answer) as served:
        generator = {"model": "any", "server": None, "url": served.url}
        [line] = rehearsed({"teacher": {"generator": generator}}, tmp_path)
        assert 0 < served.requests < 100
    assert said in line


def tokenizer(folder: Path, template: str | None) -> None:
    """Write a base's tokenizer."""
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({"</s>": 0, "a": 1}, unk_token="</s>"))
    made = PreTrainedTokenizerFast(tokenizer_object=words, eos_token="</s>", chat_template=template)
    made.save_pretrained(folder)


def hub_environment(url: str, home: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
    return {**kept, "HF_ENDPOINT": url, "HF_HOME": str(home / "home")}


def test_the_small_config_asks_the_same_questions() -> None:
    """A config of the same form, in which only amounts are smaller."""
    whole = build()
    small = Build(config.load(merged(values(), folder.small(whole))), whole.languages)
    assert small.config.rehearsal is not None
    assert small.config.generation == whole.config.generation
    assert small.config.benchmarks == whole.config.benchmarks
    assert small.config.conversations == whole.config.conversations
    mixture = small.config.students["tiny"].mixture
    whole_mixture = whole.config.students["tiny"].mixture
    assert mixture.pairs + mixture.translations < 0.1 * whole_mixture.pairs
    assert small.config.classification.examples == whole.config.classification.examples
    asked = values(teacher=elsewhere("http://x/v1"))
    paid = Build(config.load(asked), whole.languages)
    small = Build(config.load(merged(asked, folder.small(paid))), whole.languages)
    assert small.config.classification.examples.rounds == 1
    assert small.config.questions("generator") == 48
    assert whole.config.questions("generator") is None


def test_a_student_of_texts_is_rehearsed_on_few() -> None:
    reader = {"base": "builtin:tiny", "mixture": {"texts": 1_000_000}}
    changed = build(students={"tiny": None, "reader": reader})
    small = folder.small(changed)["students"]["reader"]["mixture"]
    # 20 steps of 32,768 tokens, in texts of 800.
    assert small["texts"] == 20 * 32_768 // 800


def test_jobs_are_read_from_their_logs(tmp_path: Path) -> None:
    logs = tmp_path / "logs/swh_Latn/tiny"
    logs.mkdir(parents=True)
    (logs / "train_student.log").write_text("step 1\nerror: the loss is no number\n")
    (logs / "mix_rows.log").write_text("mixed\n")
    (logs / "mix_rows.tsv").write_text("s\th:m:s\tmax_rss\n2.5\t0:00:02\t100.0\n")
    found = {job.rule: job for job in folder.jobs(build(), tmp_path / "logs")}
    assert found["train_student"].error == "the loss is no number"
    assert (found["mix_rows"].seconds, found["mix_rows"].memory) == (2.5, 100 * 2**20)
    assert folder.broken(list(found.values())) == [found["train_student"]]


# Of the demonstration, and of configs with other languages, students, forms and benchmarks.
OWN = (
    "write_subjects", "swh_Latn/write_topics", "swh_Latn/tiny/train_student",
    "swh_Latn/tiny/Q8_0/quantize_gguf", "swh_Latn/sib200/prepare_benchmark",
    "swh_Latn/scores/tiny/Q8_0/sib200/score_model", "swh_Latn/scores/teacher/sib200/score_model",
    "swh_Latn/classification/topic/linear/train_classifier",
)  # fmt: skip
OTHERS = (
    "yor_Latn/write_topics", "swh_Latn/gone/train_student", "swh_Latn/tiny/Q2_K/quantize_gguf",
    "swh_Latn/gone/prepare_benchmark", "swh_Latn/scores/gone/base/sib200/score_model",
    "swh_Latn/scores/tiny/base/gone/score_model", "swh_Latn/scores/comparisons/gone/x/score_model",
    "swh_Latn/classification/topic/gone/train_classifier",
)  # fmt: skip


def test_jobs_of_an_earlier_rehearsal_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = build()
    monkeypatch.chdir(tmp_path)
    logs = Path("rehearsal/logs")
    for name in (*OWN, *OTHERS):
        write_text(logs / f"{name}.log", "said")
        write_text(logs / f"{name}.tsv", "s\tmax_rss\n2.5\t100.0\n")
    write_text(logs / "swh_Latn/translate_templates.log", "error: it failed before")
    folder.prepare(made, {})
    found = {f"{job.place}/{job.rule}".strip("/"): job.error for job in folder.jobs(made)}
    assert found == dict.fromkeys(OWN)


def test_a_base_that_was_scored_for_another_student_is_no_job(tmp_path: Path) -> None:
    made = build(students={name: {"base": "builtin:tiny"} for name in ("other", "third")})
    for name, seconds in {"tiny": 2.5, "other": 2.5, "third": 2.6}.items():
        log = tmp_path / f"logs/swh_Latn/scores/{name}/base/sib200/score_model.log"
        write_text(log, "said")
        write_text(log.with_suffix(".tsv"), f"s\tmax_rss\n{seconds}\t100.0\n")
    assert [job.seconds for job in folder.jobs(made, tmp_path / "logs")] == [2.5, 2.6]


def test_the_machine_is_described() -> None:
    found = [check() for check in machine.CHECKS]
    assert all(isinstance(check, Check) for check in found)
    assert any(check.line.startswith("GPU: ") for check in found)
