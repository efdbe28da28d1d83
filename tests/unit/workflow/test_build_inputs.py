"""What the Snakefile asks: languages, inputs and settings."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import pytest
import yaml

from limbeck import config as configuration
from limbeck.config import Role
from limbeck.errors import UserError
from limbeck.translator import apertium as engine
from limbeck.workflow import scored, shown
from limbeck.workflow.build import Build, load
from limbeck.workflow.places import local_files

ROOT = Path(__file__).parents[3]


def config(**changes: Any) -> dict[str, Any]:
    return {**yaml.safe_load((ROOT / "config/config.yaml").read_text()), **changes}


def test_targets_and_models_of_the_default() -> None:
    build = load(config())
    assert build.codes == ["swh_Latn"]
    assert build.models == [
        "teacher",
        "tiny/base",
        "tiny/student",
        "tiny/F16",
        "tiny/Q8_0",
        "tiny/Q4_K_M",
    ]
    assert len(build.scores()) == 6 * 5


def test_local_files_are_a_rules_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("set/sw/test.csv", "set/.cache/sw.lock", "rows.jsonl", "builtin"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    assert local_files("set", str(tmp_path / "rows.jsonl"), "set") == [
        str(tmp_path / "rows.jsonl"), "set/sw/test.csv",
    ]  # fmt: skip
    assert local_files("builtin", "hub", None, "owner/name", "gone.csv") == []


@pytest.mark.parametrize("name", ["a{b}c.jsonl", "{language}.tsv", "set/{0}/x.csv"])
def test_braces_in_the_name_of_a_file_are_told(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text("x")
    with pytest.raises(UserError, match=r"braces in a name are wildcards to Snakemake: rename"):
        local_files(str(path if "/" not in name else tmp_path))
    (tmp_path / "a{b.txt").write_text("x")
    assert local_files(str(tmp_path / "a{b.txt")) == [str(tmp_path / "a{b.txt")]


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
        found[data] = load(config(classification=section)).task_files(wildcards)
    assert found == {"builtin": [], "task": [], str(tmp_path): [str(given)]}


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


@pytest.mark.parametrize(
    ("languages", "message"),
    [
        (["Klingonish"], "'Klingonish'"),
        (["Swahili", "swh_Latn"], "twice"),
        (["Yoruba"], "phrasebook writes Swahili only.*name another teacher"),
    ],
)
def test_languages_that_cannot_be_built(languages: list[str], message: str) -> None:
    with pytest.raises(SystemExit, match=message) as caught:
        load(config(languages=languages))
    assert "\n" not in str(caught.value)


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
    with pytest.raises(SystemExit, match=message) as caught:
        load(changed)
    assert "\n" not in str(caught.value)


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
    assert load(changed).min_reasoning() == 0.9
    changed["students"]["tiny"]["mixture"]["thinking"] = False
    assert load(changed).min_reasoning() == 0.0


def test_another_url_of_the_same_model_decides_nothing() -> None:
    def settings(url: str) -> tuple[dict[str, Any], str]:
        values = config()
        values["teacher"]["generator"] |= {"server": None, "url": url, "model": "m"}
        build = load(values)
        return build.teacher("generator", "swh_Latn"), build.connection("generator")

    here, there = settings("http://127.0.0.1:1/v1"), settings("https://example.org/v1")
    assert here[0] == there[0]
    assert here[1] != there[1]


# Languages that a benchmark does not cover

REAL = {"model": "m", "server": None, "url": "https://x/v1"}


def elsewhere(**changes: Any) -> dict[str, Any]:
    """The default with a real teacher and sources, which any language can have."""
    changed = config(**changes)
    changed["teacher"]["generator"] |= REAL
    changed["texts"] |= {"source": "HuggingFaceFW/fineweb-2", "name": "{fineweb2}"}
    changed["classification"]["tasks"] = []
    for name in changed["benchmarks"]["sources"]:
        changed["benchmarks"]["sources"][name] = f"somewhere/{name}"
    return changed


FLORES = ["flores_from_english", "flores_into_english"]
COVERED = [
    ("Swahili", [*FLORES, "sib200", "belebele", "global_mmlu"]),
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
    assert [Path(path).stem for path in build.asked_scores(wildcards)] == covered
    assert [Path(path).parent.name for path in build.held_out(wildcards)] == sorted(covered)
    assert len(build.scores()) == 6 * len(covered)
    missing = [name for name in build.config.benchmarks.run if name not in covered]
    said = capsys.readouterr().err.splitlines()
    assert len(said) == bool(missing)
    assert all(name in said[0] for name in missing)
    # Without a score nothing else would ask for these.
    assert any("Q8_0.gguf" in path for path in build.targets()) == (not covered)


def test_the_built_in_benchmarks_are_never_skipped(capsys: pytest.CaptureFixture[str]) -> None:
    assert load(config()).skipped("swh_Latn") == []
    assert capsys.readouterr().err == ""


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


def test_a_language_that_fineweb_lacks_stops_at_planning() -> None:
    changed = elsewhere(languages=["ace_Arab"])
    with pytest.raises(
        SystemExit, match=r"texts.name: FineWeb-2 has no texts in Acehnese"
    ) as caught:
        load(changed)
    assert "\n" not in str(caught.value)
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


def test_the_tables_of_a_benchmark_of_ones_own_are_inputs(tmp_path: Path) -> None:
    (tmp_path / "swh_Latn.tsv").write_text("en\tsw\n")
    values = config()
    values["benchmarks"]["run"] = ["mine", "sib200"]
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


def test_without_classifiers_no_task_is_planned() -> None:
    values = config()
    values["classification"]["classifiers"] = {"linear": None}
    build = load(values)
    assert (build.tasks("swh_Latn"), build.classification()) == ([], [])


def classified(tasks: list[str], names: list[str]) -> dict[str, Any]:
    values = elsewhere(languages=names)
    values["classification"] |= {"tasks": tasks, "data": "task"}
    return values


def test_a_task_without_the_language_is_skipped_and_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    build = load(classified(["topic", "intent"], ["Welsh", "Yoruba", "Swahili"]))
    assert {code: build.tasks(code) for code in build.codes} == {
        "cym_Latn": ["topic", "intent"], "yor_Latn": ["topic"], "swh_Latn": ["topic", "intent"]
    }  # fmt: skip
    said = "Yoruba (yor_Latn): not classified by intent: no texts"
    assert said in capsys.readouterr().err.splitlines()


def test_a_task_without_any_of_the_languages_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit, match=r"'intent' has no texts in Yoruba \(config/tasks/intent"):
        load(classified(["topic", "intent"], ["Yoruba"]))


# A translator that is no chat model


def translating(model: str, language: str = "Esperanto") -> dict[str, Any]:
    values = elsewhere(languages=[language])
    values["teacher"]["translator"] = {"server": "apertium", "model": model}
    return values


def apertium(*pairs: str) -> Any:
    there = shutil.which("apertium") is not None and set(pairs) <= set(engine.pairs())
    return pytest.mark.skipif(not there, reason=f"Apertium with {', '.join(pairs)} is missing")


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
    with pytest.raises(SystemExit, match=line) as caught:
        load(translating(model, language))
    assert "\n" not in str(caught.value)


def test_without_apertium_the_run_does_not_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SystemExit, match="apertium is not on the PATH; on Debian: apt-get install"):
        load(translating("en-eo"))


def test_answers_are_translated_where_they_are_pivoted() -> None:
    values = config()
    assert load(values).pivot_instructions(None) == []
    assert load(values).pivot_translator("swh_Latn") is None
    values["generation"]["scenarios"]["pivot"] = "english"
    build = load(values)
    assert build.pivot_instructions(None) == ["config/prompts/translate.yaml"]
    assert build.pivot_translator("swh_Latn") == build.teacher("translator", "swh_Latn")


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
    assert build.classifier_files(SimpleNamespace(classifier="own", **of)) == files
    # What this build makes itself is known by its manifest.
    folder = "results/swh_Latn/tiny"
    trained = SimpleNamespace(classifier="trained", **of)
    assert build.classifier_files(trained) == [f"{folder}/checkpoint.manifest.json"]
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
    assert [Path(path).stem for path in build.prompts(of)] == prompts
    assert [Path(path).stem for path in build.asked(of)] == asked
    assert bool(build.templates(of)) == ("translations" in asked)


def test_something_must_be_written() -> None:
    with pytest.raises(SystemExit, match="every strategy is off"):
        load(turned_off("topics", "scenarios", "contexts", "translations"))


@pytest.mark.parametrize(
    ("where", "change"),
    [
        ("students/tiny/training", {"lora": {"rank": 3}}),
        ("students/tiny/training", {"device_tokens": 3}),
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
            build.classifier_settings(of),
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
