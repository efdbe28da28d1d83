"""What the Snakefile asks: languages, inputs and settings."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import pytest

from configs import ROOT, apertium, config, elsewhere, translating
from limbeck import config as configuration
from limbeck.config import Role
from limbeck.config.options import merged
from limbeck.files import write_text
from limbeck.workflow import classified, scored, shown, told, written
from limbeck.workflow.build import Build, load
from limbeck.workflow.places import local_files


def test_targets_and_models_of_the_default() -> None:
    build = load(config())
    assert build.codes == ["swh_Latn"]
    assert build.models == [
        "teacher",
        "tiny/base",
        "tiny/student",
        "tiny/thinking",
        "tiny/F16",
        "tiny/Q8_0",
        "tiny/Q4_K_M",
    ]
    assert len(build.scores()) == 6 * 6 + 1


def test_local_files_are_a_rules_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("set/sw/test.csv", "set/.cache/sw.lock", "rows.jsonl", "builtin"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    assert local_files("set", str(tmp_path / "rows.jsonl"), "set") == [
        str(tmp_path / "rows.jsonl"), "set/sw/test.csv",
    ]  # fmt: skip
    assert local_files("builtin", "hub", None, "owner/name", "gone.csv") == []


def test_the_files_of_a_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wildcards = SimpleNamespace(task="topic", language="swh_Latn")
    (tmp_path / "topic").mkdir()
    given = tmp_path / "topic/sw-test.csv"
    given.write_text("text,label\n")
    (tmp_path / "topic/cy-test.csv").write_text("text,label\n")
    (tmp_path / "sentiment").mkdir()
    (tmp_path / "sentiment/sw-test.csv").write_text("text,label\n")
    monkeypatch.chdir(ROOT)
    found = {}
    for data in ("builtin", "task", str(tmp_path)):  # the task's own are of the hub
        section = config()["classification"] | {"data": data}
        found[data] = classified.task_files(load(config(classification=section)), wildcards)
    assert found == {"builtin": [], "task": [], str(tmp_path): [str(given)]}


ICL: dict[str, Any] = {"kind": "icl", "base": "b"}
ASKED: list[tuple[dict[str, Any], set[str]]] = [
    ({"kind": "linear"}, set()),
    ({"kind": "instruct", "base": "b"}, {"question"}),
    ({**ICL, "by": "label"}, {"question"}),
    ({**ICL, "by": "channel"}, {"text_kind", "description"}),
    ({**ICL, "by": "channel", "prompt": "{name}:"}, {"names"}),
]


@pytest.mark.parametrize(("section", "read"), ASKED)
def test_a_classifier_is_told_what_it_reads(
    section: dict[str, Any], read: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An edit of what it never sees does not train it again."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config/prompts").symlink_to(ROOT / "config/prompts")
    own = config()["classification"] | {"classifiers": {"one": section}}
    build = load(config(classification=own))
    monkeypatch.chdir(tmp_path)
    one = {"description": "d", "examples": ["e"], "aliases": ["a"], "names": {"swh_Latn": "n"}}

    def told_by(**changes: Any) -> str:
        task: dict[str, Any] = {"question": "q", "text_kind": "k", "labels": {"x": dict(one)}}
        for key, value in changes.items():
            (task if key in task else task["labels"]["x"])[key] = value
        name = f"own{len(list(Path('config').rglob('own*')))}"
        write_text(Path(f"config/tasks/{name}.yaml"), json.dumps(task))
        asked = SimpleNamespace(task=name, language="swh_Latn", classifier="one")
        return told.classifier(build, asked)

    before = told_by()
    edits: dict[str, Any] = {
        "question": "other", "text_kind": "other", "description": "other", "examples": ["other"],
        "aliases": ["other"], "names": {"swh_Latn": "other"},
    }  # fmt: skip
    assert {key for key, value in edits.items() if told_by(**{key: value}) != before} == read


def test_prices_the_budget_and_batches_reach_no_param() -> None:
    generator = {"model": "m", "server": None, "url": "https://x/v1"}
    plain, paid = config(), config()
    for values in (plain, paid):
        values["teacher"]["generator"] |= generator
    paid["teacher"]["generator"]["batch"] = {"api": "together", "wait": 0.0}
    paid |= {"prices": {"m": {"input": 0.15, "output": 0.6}}, "budget": 20.0}
    builds = load(plain), load(paid)

    def decisive(build: Build) -> list[Any]:
        asked = SimpleNamespace(
            model="teacher", language="swh_Latn", student="tiny", benchmark="sib200"
        )
        return [
            *(build.teacher(role, "swh_Latn") for role in get_args(Role)),
            scored.settings(build, asked),
            shown.report(build, "swh_Latn"),
            shown.dataset(build, "swh_Latn"),
            shown.board(build),
        ]

    assert decisive(builds[0]) == decisive(builds[1])
    # A connection is a resource, which makes nothing stale.
    assert all(one.connection("judge") != other.connection("judge") for one, other in [builds])


def test_a_local_teacher_has_the_revision_that_the_config_gives() -> None:
    changed = config()
    assert (
        len(load(changed).teacher("generator", "swh_Latn")["revision"]) == 12
    )  # of the phrasebook's source
    changed["teacher"]["generator"] |= {"server": "vllm", "model": "owner/repo", "revision": "c0f"}
    changed["teacher"]["judge"] = {"model": "owner/other"}
    teachers = configuration.load(changed).teacher
    assert teachers.role("translator").settings("builtin").revision == "c0f"
    assert teachers.role("judge").settings("builtin").revision is None


def test_reasoning_is_wanted_where_a_student_learns_it() -> None:
    changed = config()
    assert written.min_reasoning(load(changed)) == 0.9
    changed["students"]["tiny"]["mixture"]["thinking"] = False
    assert written.min_reasoning(load(changed)) == 0.0


def test_another_url_of_the_same_model_decides_nothing() -> None:
    def settings(url: str) -> tuple[dict[str, Any], str]:
        values = config()
        values["teacher"]["generator"] |= {"server": None, "url": url, "model": "m"}
        build = load(values)
        return build.teacher("generator", "swh_Latn"), build.connection("generator")

    here, there = settings("http://127.0.0.1:1/v1"), settings("https://example.org/v1")
    assert here[0] == there[0]
    assert here[1] != there[1]


@pytest.mark.parametrize(
    ("language", "name", "filled"),
    [
        ("Swahili", "{fineweb2}", "swh_Latn"),
        ("zh-Hans", "{fineweb2}", "cmn_Hani"),
        ("Persian", "{fineweb2}", "fas_Arab"),
        ("Persian", "{code}", "pes_Arab"),
        ("Breton", "{fineweb2}", "bre_Latn"),
        ("Swahili", "20231101.sw", "20231101.sw"),
        ("Swahili", None, None),
    ],
)
def test_texts_have_the_corpus_own_label(language: str, name: str, filled: str | None) -> None:
    changed = elsewhere(languages=[language])
    changed["texts"]["name"] = name
    build = load(changed)
    assert build.texts(build.codes[0]).name == filled


def test_students_alone_are_asked_to_think_by_the_prompt_of_their_training() -> None:
    values = config()
    values["benchmarks"] |= {"choose_by": "generation", "thinking": True}
    values["benchmarks"]["comparisons"] = {"theirs": "owner/model"}

    def told(model: str, build: Any) -> Any:
        wildcards = SimpleNamespace(model=model, language="swh_Latn", benchmark="sib200")
        return json.loads(scored.settings(build, wildcards))["thinking_prompt"]

    build = load(values)
    for form in ("base", "student", "Q8_0"):
        assert told(f"tiny/{form}", build) == "Think first, then answer."
    assert [told(model, build) for model in ("teacher", "comparisons/theirs")] == [None, None]
    values["benchmarks"]["thinking"] = False
    assert told("tiny/student", load(values)) is None


def test_a_student_that_thinks_is_scored_both_ways() -> None:
    values = config()
    silent = {"mixture": {"thinking": False}}
    values["students"]["silent"] = merged(values["students"]["tiny"], silent)
    values["benchmarks"]["thinking"] = "both"
    build = load(values)
    assert build.forms("silent") == ["base", "student", "F16", "Q8_0", "Q4_K_M"]
    assert build.forms("tiny") == ["base", "student", "thinking", "F16", "Q8_0", "Q4_K_M"]

    def told(form: str, benchmark: str = "sib200") -> Any:
        wildcards = SimpleNamespace(model=f"tiny/{form}", language="swh_Latn", benchmark=benchmark)
        folder = "base" if form == "base" else "checkpoint"
        assert scored.path(build, wildcards) == f"results/swh_Latn/tiny/{folder}"
        return json.loads(scored.settings(build, wildcards))

    direct, thinking = told("student"), told("thinking")
    # A difference of the two, and one to the base, is of no other way of choosing.
    for form in (direct, told("base")):
        assert (form["thinking"], form["choose_by"]) == (False, "generation")
        assert form["thinking_prompt"] is None
    assert (thinking["thinking"], thinking["choose_by"]) == (True, "generation")
    assert thinking["thinking_tokens"] == values["benchmarks"]["thinking_tokens"]
    assert thinking["thinking_prompt"] == "Think first, then answer."

    values["benchmarks"] |= {"thinking": ["sib200"], "comparisons": {"thinking": "owner/model"}}
    build = load(values)
    assert build.model_scores("swh_Latn", "tiny/thinking") == [
        "results/swh_Latn/scores/tiny/thinking/sib200.json"
    ]
    assert told("student")["choose_by"] == "generation"
    assert told("student", "belebele")["choose_by"] == "likelihood"
    for model in ("tiny/student", "comparisons/thinking"):
        assert len(build.model_scores("swh_Latn", model)) == len(values["benchmarks"]["run"])
    values["benchmarks"]["thinking"] = ["sib200", "xnli"]
    with pytest.raises(SystemExit, match="thinking: unknown benchmark 'xnli'; allowed: flores"):
        load(values)


def test_the_tables_of_a_benchmark_of_ones_own_are_inputs(tmp_path: Path) -> None:
    (tmp_path / "swh_Latn.tsv").write_text("en\tsw\n")
    values = config()
    values["benchmarks"] |= {"run": ["mine", "sib200"], "thinking": False}
    values["benchmarks"]["custom"] = {
        "mine": {"kind": "translation", "test": f"{tmp_path}/{{code}}.tsv", "english": "en",
                 "text": "sw", "direction": "from_english"}
    }  # fmt: skip
    build = load(values)
    files = {
        name: build.benchmark_files(SimpleNamespace(benchmark=name, language="swh_Latn"))
        for name in ("mine", "sib200")
    }
    assert files == {"mine": [f"{tmp_path}/swh_Latn.tsv"], "sib200": []}


def test_without_classifiers_no_task_is_planned() -> None:
    values = config()
    values["classification"]["classifiers"] = {"linear": None}
    build = load(values)
    assert (build.tasks("swh_Latn"), build.classification()) == ([], [])


@apertium("en-eo", "eo-en", "en-gl", "gl-en")
def test_a_translators_model_is_filled_in_for_each_language() -> None:
    values = translating("en-{iso639_1}")
    values["languages"] = ["Esperanto", "Galician"]
    build = load(values)
    models = [build.teacher("translator", code)["model"] for code in build.codes]
    assert models == ["en-eo", "en-gl"]
    assert build.teacher("generator", build.codes[0])["model"] == "m"
    assert len(build.teacher("translator", "epo_Latn")["revision"]) == 12  # of our own source


@apertium("en-eo", "eo-en")
def test_a_translator_is_scored_by_translations_alone() -> None:
    build = load(translating("en-eo"))
    found = [Path(path).stem for path in build.model_scores("epo_Latn", "translator")]
    assert found == ["flores_from_english", "flores_into_english"]
    asked = SimpleNamespace(
        model="translator", language="epo_Latn", student="tiny", benchmark="flores_from_english"
    )
    assert json.loads(scored.settings(build, asked))["teacher"]["model"] == "en-eo"
    assert json.loads(scored.connection(build, asked))["server"] == "apertium"
    assert scored.journal(asked) != scored.journal(
        SimpleNamespace(**{**vars(asked), "model": "teacher"})
    )


def test_answers_are_translated_where_they_are_pivoted() -> None:
    values = config()
    assert written.pivot_instructions(load(values)) == []
    assert written.pivot_translator(load(values), "swh_Latn") is None
    values["generation"]["scenarios"]["pivot"] = "english"
    build = load(values)
    assert written.pivot_instructions(build) == ["config/prompts/translate.yaml"]
    assert written.pivot_translator(build, "swh_Latn") == build.teacher("translator", "swh_Latn")


def test_local_models_are_inputs_file_by_file(tmp_path: Path) -> None:
    """An edit of their weights makes stale what is made of them."""
    for name in ("model.safetensors", "config.json", ".cache", "config.json~"):
        (tmp_path / name).write_text("x")
    values = config()
    values["students"]["tiny"]["base"] = str(tmp_path)
    values["benchmarks"]["comparisons"] = {"theirs": str(tmp_path)}
    kinds = {"own": {"kind": "encoder", "base": str(tmp_path)}}
    kinds["trained"] = {"kind": "icl", "base": "student:tiny"}
    values["classification"]["classifiers"] = kinds
    build = load(values)
    files = [str(tmp_path / name) for name in ("config.json", "model.safetensors")]
    of = {"language": "swh_Latn", "student": "tiny"}
    assert build.base_files(SimpleNamespace(**of)) == files
    assert scored.checks(build, SimpleNamespace(model="comparisons/theirs", **of)) == files
    assert classified.files(build, SimpleNamespace(classifier="own", **of)) == files
    # What this build makes itself is known by its manifest.
    folder = "results/swh_Latn/tiny"
    trained = SimpleNamespace(classifier="trained", **of)
    assert classified.files(build, trained) == [f"{folder}/checkpoint.manifest.json"]
    assert scored.checks(build, SimpleNamespace(model="tiny/Q8_0", **of)) == [
        f"{folder}/gguf/Q8_0.manifest.json",
        f"{folder}/gguf/parity.json",
    ]


OFF: list[tuple[dict[str, Any], list[str], list[str]]] = [
    ({}, ["topics", "scenarios", "contexts"], ["responses", "translations"]),
    ({"topics": 0}, ["scenarios", "contexts"], ["responses", "translations"]),
    ({"scenarios": 0}, ["topics", "contexts"], ["responses", "translations"]),
    ({"contexts": 0}, ["topics", "scenarios"], ["responses", "translations"]),
    ({"translations": 0}, ["topics", "scenarios", "contexts"], ["responses"]),
    ({"topics": 0, "scenarios": 0, "contexts": 0}, [], ["translations"]),
]


def turned_off(*names: str) -> dict[str, Any]:
    values = config()
    generation = values["generation"]
    if "topics" in names:
        generation["topics"] |= {"general_seeds": [], "language_seeds": []}
    if "scenarios" in names:
        generation["scenarios"] |= {"general": 0, "local": 0}
    for name, section in (("contexts", "texts"), ("translations", "conversations")):
        if name in names:
            values[section] |= {"limit": 0, "source": "./nowhere"}  # which nobody reads
    return values


@pytest.mark.parametrize(("off", "prompts", "asked"), OFF)
def test_each_strategy_can_be_off(
    off: dict[str, Any], prompts: list[str], asked: list[str]
) -> None:
    build = load(turned_off(*off))
    of = SimpleNamespace(language="swh_Latn", student="tiny")
    assert [Path(path).stem for path in written.prompts(build, of)] == prompts
    assert [Path(path).stem for path in written.asked(build, of)] == asked
    assert bool(written.templates(build, of, of.student)) == ("translations" in asked)


def test_something_must_be_written() -> None:
    with pytest.raises(SystemExit, match="every strategy is off"):
        load(turned_off("topics", "scenarios", "contexts", "translations"))


@pytest.mark.parametrize(
    ("where", "change"),
    [
        ("students/tiny/training", {"lora": {"rank": 3}}),
        ("students/tiny/training", {"device_tokens": 3}),
        ("students/tiny/training", {"devices": 3}),
        ("students/tiny", {"revision": "abc"}),
        ("filters/language", {"letters": 99}),
        ("filters", {"judge": ["correct"], "round_trip": 50.0}),
        ("classification/classifiers/linear", {"shots": 9, "by": "channel"}),
        ("teacher/generator", {"structured": "none", "max_tokens_ceiling": 9999}),
        ("conversations", {"revision": "abc", "split": "test"}),
        ("texts", {"revision": "abc", "split": "test"}),
    ],
)
def test_keys_of_what_is_off_decide_nothing(where: str, change: dict[str, Any]) -> None:
    def decisive(values: dict[str, Any]) -> list[Any]:
        build = load(values)
        of = SimpleNamespace(classifier="linear", language="swh_Latn", student="tiny")
        return [
            build.training("tiny"),
            build.base(of),
            build.filters(),
            classified.settings(build, of),
            build.teacher("generator", "swh_Latn"),
            build.conversations(),
            build.texts("swh_Latn"),
        ]

    plain, edited = config(), config()
    part = edited
    for key in where.split("/"):
        part = part[key]
    part |= change
    assert decisive(plain) == decisive(edited)
