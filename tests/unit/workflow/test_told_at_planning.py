"""What cannot be built is said at planning, in one line, before anything runs."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

import kinit_files
from configs import ROOT, apertium, classifying, config, elsewhere, translating
from limbeck.config.options import merged
from limbeck.errors import UserError
from limbeck.workflow import classified, judged, scored
from limbeck.workflow.build import load
from limbeck.workflow.places import local_files


def refused(values: dict[str, Any], message: str) -> None:
    """A config is not planned, and one line says why."""
    with pytest.raises(SystemExit, match=message) as caught:
        load(values)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["a{b}c.jsonl", "{language}.tsv", "set/{0}/x.csv"])
def test_braces_in_the_name_of_a_file_are_told(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text("x")
    with pytest.raises(UserError, match=r"braces in a name are wildcards to Snakemake: rename"):
        local_files(str(path if "/" not in name else tmp_path))
    (tmp_path / "a{b.txt").write_text("x")
    assert local_files(str(tmp_path / "a{b.txt")) == [str(tmp_path / "a{b.txt")]


@pytest.mark.parametrize(
    ("languages", "message"),
    [
        (["Klingonish"], "'Klingonish'"),
        (["Swahili", "swh_Latn"], "twice"),
        (["Yoruba"], "phrasebook writes Swahili only.*name another teacher"),
    ],
)
def test_languages_that_cannot_be_built(languages: list[str], message: str) -> None:
    refused(config(languages=languages), message)


SARCASM = "config/tasks/sarcasm.yaml: names no test set"


CLINIC = """
question: What is wanted?
text_kind: message
labels: {{a: {{description: x}}, b: {{description: y}}}}
licence: ours
test: {{source: "{source}"}}
"""


SECTIONS: list[tuple[dict[str, Any], str]] = [
    ({"tasks": ["intent"]}, "the built-in data has sentiment and topic only"),
    ({"tasks": ["sentimant"]}, "did you mean 'sentiment'"),
    ({"tasks": ["sarcasm"], "data": "task"}, SARCASM),
    ({"data": "./nowhere"}, "config: classification.data: ./nowhere: there is no such"),
    ({"classifiers": {"x": {"kind": "icl", "base": "student:y"}}}, "there is no student 'y'"),
]


@pytest.mark.parametrize(("change", "message"), SECTIONS)
def test_classification_that_cannot_be_built(change: dict[str, Any], message: str) -> None:
    changed = config()
    changed["classification"] |= change
    refused(changed, message)


def test_the_files_of_a_task_are_missed_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config/tasks").mkdir(parents=True)
    (tmp_path / "config/tasks/clinic.yaml").write_text(CLINIC.format(source="clinic-{code}.csv"))
    monkeypatch.chdir(tmp_path)
    changed = config()
    changed["classification"] |= {"tasks": ["clinic"], "data": "task"}
    with pytest.raises(SystemExit, match=r"clinic.yaml: test.source: clinic-swh_Latn.csv: there"):
        load(changed)
    (tmp_path / "clinic-swh_Latn.csv").touch()
    assert load(changed).classification("swh_Latn") == [
        "results/swh_Latn/classification/clinic/scores.json"
    ]


FLORES = ["flores_from_english", "flores_into_english"]


COVERED = [
    ("Swahili", [*FLORES, "sib200", "belebele", "global_mmlu", "sums"]),
    ("Faroese", [*FLORES, "sib200"]),
    ("Filipino", [*FLORES, "sib200", "belebele", "global_mmlu"]),
    ("Chuvash", FLORES),
    ("N'Ko", [*FLORES, "sib200"]),
    ("Southern Kurdish", []),
    ("kjh-Cyrl", []),
    ("Breton", []),
]


@pytest.mark.parametrize(("name", "covered"), COVERED)
def test_a_benchmark_without_the_language_is_skipped_and_said(
    name: str, covered: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    build = load(elsewhere(languages=[name]))
    code = build.codes[0]
    wildcards = SimpleNamespace(language=code)
    assert build.benchmarks(code) == covered
    assert [Path(path).stem for path in build.model_scores(code, "teacher")] == covered
    assert [Path(path).parent.name for path in build.held_out(wildcards)] == sorted(covered)
    assert len(build.scores()) == 6 * len(covered) + ("sums" in covered)
    missing = [name for name in build.config.benchmarks.run if name not in covered]
    said = capsys.readouterr().err.splitlines()
    assert len(said) == bool(missing)
    assert all(name in said[0] for name in missing)
    # Without a score nothing else would ask for these.
    assert any("Q8_0.gguf" in path for path in build.targets()) == (not covered)


def test_the_built_in_benchmarks_are_never_skipped(capsys: pytest.CaptureFixture[str]) -> None:
    assert load(config()).skipped("swh_Latn") == []
    assert capsys.readouterr().err == ""


def test_a_language_that_fineweb_lacks_stops_at_planning() -> None:
    changed = elsewhere(languages=["ace_Arab"])
    refused(changed, r"texts.name: FineWeb-2 has no texts in Acehnese")
    changed["texts"]["limit"] = 0
    assert load(changed).codes == ["ace_Arab"]


@pytest.mark.parametrize(("language", "limit", "lines"), [
    ("English", 8, 1), ("Persian", 8, 0), ("English", 0, 0)
])  # fmt: skip
def test_a_language_that_fineweb_lacks_by_its_own_code_is_told_at_planning(
    language: str, limit: int, lines: int, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = elsewhere(languages=[language])
    changed["texts"] |= {"name": "{code}", "limit": limit}
    changed["benchmarks"]["run"] = []
    load(changed)
    said = capsys.readouterr().err.splitlines()
    assert sum("no texts in FineWeb-2" in line for line in said) == lines


@pytest.mark.parametrize(
    ("section", "change", "message"),
    [
        ("benchmarks", {"comparisons": {"mine": "models/none.gguf"}}, "there is no such file"),
        ("benchmarks", {"comparisons": {"mine": "./none"}}, "there is no such file"),
        ("students", {"tiny": {"base": "builtin:tny"}}, "the built-in base is builtin:tiny"),
        ("students", {"tiny": {"base": "models/none.gguf"}}, "there is no such file"),
        ("students", {"a": {"base": "student:b"}}, "students.a: there is no student 'b'"),
        (
            "students",
            {"a": {"base": "student:b"}, "b": {"base": "student:a"}},
            "students.a: it starts from itself, by 'b'",
        ),
        (
            "students",
            {"a": {"base": "o/m", "merge": {"origin": "./none", "parts": {"base": 1.0}}}},
            "students.a.merge: ./none: there is no such file or folder",
        ),
        ("filters", {"length_ratio": [8, 0.25]}, "the first bound is below the second"),
        ("filters", {"length_ratio": [None, 8.0]}, "filters.length_ratio.0"),
    ],
)
def test_what_would_fail_late_is_missed_early(
    section: str, change: dict[str, Any], message: str
) -> None:
    values = config()
    values[section] = {**values[section], **change}
    with pytest.raises(SystemExit) as caught:
        load(values)
    assert message in str(caught.value)


def test_a_file_of_the_hub_is_not_looked_for_here() -> None:
    values = config()
    values["benchmarks"]["comparisons"] = {"theirs": "owner/repo/file.gguf@abc"}
    wildcards = SimpleNamespace(model="comparisons/theirs", language="swh_Latn")
    assert scored.files(load(values), wildcards) == []


def test_without_texts_nothing_is_asked_of_fineweb() -> None:
    values = config(languages=["ace_Arab"])
    values["teacher"]["generator"] |= {"server": None, "url": "http://x/v1"}
    values["classification"]["tasks"] = []
    values["benchmarks"]["sources"] = dict.fromkeys(values["benchmarks"]["sources"], "hub")
    values["texts"] |= {"source": "HuggingFaceFW/fineweb-2", "name": "{fineweb2}"}
    with pytest.raises(SystemExit, match=r"set texts\.limit to 0"):
        load(values)
    values["texts"]["limit"] = 0
    assert load(values).texts("ace_Arab").limit == 0


def test_a_task_without_the_language_is_skipped_and_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    build = load(classifying(["topic", "intent"], ["Welsh", "Yoruba", "Swahili"]))
    assert {code: build.tasks(code) for code in build.codes} == {
        "cym_Latn": ["topic", "intent"], "yor_Latn": ["topic"], "swh_Latn": ["topic", "intent"]
    }  # fmt: skip
    why = "no texts (languages of config/tasks/intent.yaml)"
    said = f"Yoruba (yor_Latn): not classified by intent: {why}"
    assert said in capsys.readouterr().err.splitlines()


def test_the_files_of_a_folder_say_which_languages_a_task_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kinit_files.write(tmp_path)
    values = classifying(["sentiment", "sarcasm"], ["Welsh", "English"])
    values["classification"] |= {"data": str(tmp_path), "examples": "given"}
    values["texts"]["limit"] = 0  # FineWeb-2 has no English
    build = load(values)
    assert {code: build.tasks(code) for code in build.codes} == {
        "cym_Latn": [], "eng_Latn": ["sentiment", "sarcasm"]
    }  # fmt: skip
    said = capsys.readouterr().err.splitlines()
    for task in ("sentiment", "sarcasm"):
        why = f"no texts ({tmp_path}/{task} has no cy-test.csv)"
        assert f"Welsh (cym_Latn): not classified by {task}: {why}" in said
    values["languages"] = ["Welsh"]
    with pytest.raises(SystemExit, match="'sentiment' has no texts in any language of the config"):
        load(values)
    values["classification"]["data"] = "task"
    with pytest.raises(SystemExit, match="'given' ones come in a folder"):
        load(values)


@pytest.mark.parametrize(
    ("examples", "part"), [("given", "train_full"), (None, "train_human_parsed")]
)
def test_texts_to_learn_from_are_missed_before_anything_runs(
    examples: str | None, part: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one language they are told, and in all of them they stop the run."""
    kinit_files.write(tmp_path)
    (tmp_path / f"topic/cy-{part}.csv").unlink()
    values = classifying(["topic"], ["Welsh", "Swahili"])
    values["classification"] |= {"data": str(tmp_path), "examples": examples}
    assert [load(values).tasks(code) for code in ("cym_Latn", "swh_Latn")] == [[], ["topic"]]
    why = f"{tmp_path}/topic has no cy-{part}.csv"
    assert f"not classified by topic: no texts ({why})" in capsys.readouterr().err
    values["languages"] = ["Welsh"]
    refused(values, re.escape(why))


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        ({}, []),
        ({"strategies": ["language"], "demonstrations": 5}, ["language shows 4 .* not the 5 "]),
        ({"strategies": ["english+check"]}, ["english shows 2 .* not the 3 .*tasks/topic.yaml"]),
        ({"strategies": ["english", "summaries"], "demonstrations": 2}, []),
        (None, []),
    ],
)
def test_a_strategy_with_few_texts_to_show_is_told_at_planning(
    change: dict[str, Any] | None, lines: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    values = classifying(["topic"], ["Swahili"])
    if change is None:
        values["classification"]["examples"] = None
    else:
        values["classification"]["examples"] |= change
    load(values)
    said = [line for line in capsys.readouterr().err.splitlines() if "strategies" in line]
    assert len(said) == len(lines)
    assert all(re.search(*pair) for pair in zip(lines, said, strict=True))


def test_all_strategies_of_the_paper_show_as_many_texts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the folder that the preset names; of a folder without English texts it is told."""
    kinit_files.write(tmp_path / kinit_files.PLACE)
    (tmp_path / "config").symlink_to(ROOT / "config")
    monkeypatch.chdir(tmp_path)
    values = config()
    for name in ("generators", "strategies"):
        preset = yaml.safe_load((ROOT / f"config/presets/{name}.yaml").read_text())
        values = merged(values, preset)
    build = load(values)
    assert "demonstrations" not in capsys.readouterr().err
    named = classified.task_files(build, SimpleNamespace(language="swh_Latn", task="topic"))
    assert {Path(path).name.partition("-")[0] for path in named} == {"sw", "en"}
    for path in (tmp_path / kinit_files.PLACE).glob("*/en-train_human*"):
        path.unlink()
    load(values)
    assert capsys.readouterr().err.count(" english shows ") == 3


def test_a_task_without_any_of_the_languages_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit, match=r"'intent' has no texts in Yoruba \(config/tasks/intent"):
        load(classifying(["topic", "intent"], ["Yoruba"]))


@apertium("en-eo", "eo-en")
@pytest.mark.parametrize(
    ("model", "language", "line"),
    [
        ("en-xx", "Esperanto", "Esperanto: Apertium has no pair 'en-xx' here; installed: .*en-eo"),
        ("eo", "Esperanto", "Esperanto: 'eo' is no pair of Apertium"),
        ("eo-en", "Esperanto", "'eo-en' does not translate English into it, as en-eo or en-epo"),
        ("en-eo", "Galician", "Galician: 'en-eo' does not translate English into it, as en-gl"),
    ],
)
def test_a_pair_that_does_not_fit_is_one_line(model: str, language: str, line: str) -> None:
    refused(translating(model, language), line)


def test_without_apertium_the_run_does_not_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SystemExit, match="apertium is not on the PATH; on Debian: apt-get install"):
        load(translating("en-eo"))


@pytest.mark.parametrize(
    ("judgement", "message"),
    [
        ({"against": ["nobody"]}, r"judgement\.against\.0: .*\^\(base\|teacher"),
        (
            {"against": ["comparisons/other"]},
            r"against: 'comparisons/other' is not in.*there are none",
        ),
        ({"against": ["base"], "questions": "no.yaml"}, r"no\.yaml: there is no such file"),
        (
            {"against": ["base"], "questions": "{code}.yaml"},
            r"swh_Latn\.yaml: there is no such file",
        ),
        ({"against": ["base"], "max_tokens": 0}, r"judgement\.max_tokens"),
    ],
)
def test_judgements_that_cannot_be_made(judgement: dict[str, Any], message: str) -> None:
    values = config()
    values["judgement"] |= judgement
    refused(values, message)


def test_each_student_is_held_against_its_own_base_and_what_the_config_names() -> None:
    values = config()
    values["students"]["other"] = {"base": "builtin:tiny"}
    values["benchmarks"]["comparisons"] = {"granite": "ibm-granite/granite-4.0-micro"}
    values["judgement"]["against"] = ["base", "teacher", "comparisons/granite"]
    assert judged.pairs(load(values)) == [
        ("tiny/student", "tiny/base"),
        ("tiny/student", "teacher"),
        ("tiny/student", "comparisons/granite"),
        ("other/student", "other/base"),
        ("other/student", "teacher"),
        ("other/student", "comparisons/granite"),
    ]
