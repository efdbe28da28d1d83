"""What the Snakefile asks: languages, and digests that change exactly when code does."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import pytest
import yaml

from limbeck import config as configuration
from limbeck import workflow
from limbeck.config import Role
from limbeck.workflow import load, source_digest

ROOT = Path(__file__).parents[2]


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


def test_prices_the_budget_and_batches_reach_no_param() -> None:
    generator = {"model": "m", "server": None, "url": "https://x/v1"}
    plain, paid = config(), config()
    for values in (plain, paid):
        values["teacher"]["generator"] |= generator
    paid["teacher"]["generator"]["batch"] = {"api": "together", "wait": 0.0}
    paid |= {"prices": {"m": {"input": 0.15, "output": 0.6}}, "budget": 20.0}
    builds = load(plain), load(paid)

    def decisive(build: workflow.Build) -> list[Any]:
        scored = SimpleNamespace(model="teacher", language="swh_Latn", student="tiny")
        return [
            *(build.teacher(role) for role in get_args(Role)),
            build.score_settings(scored),
            build.report_settings(),
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
    assert load(changed).classification() == ["results/swh_Latn/classification/clinic/scores.json"]


def test_a_local_teacher_has_the_revision_that_the_config_gives() -> None:
    changed = config()
    assert len(load(changed).teacher("generator")["revision"]) == 12  # of the phrasebook's source
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


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    files = {
        "top.py": '"""Top."""\nfrom limbeck.low import value\nfrom limbeck import files\n',
        "low.py": '"""Low."""\n\n\ndef value():\n    """A value."""\n    return 1  # one\n',
        "files.py": "plumbing = 1\n",
        "other.py": "x = 1\n",
        "room/__init__.py": "",
        "room/stage.py": "def main():\n    import limbeck.low\n",
        "room/data/table.tsv": "a\tb\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(workflow, "_PACKAGE", tmp_path)
    return tmp_path


EDITS = [
    ("low.py", "return 1", "return 2", True),
    ("low.py", "# one", "# another comment", False),
    ("low.py", "A value.", "Another docstring.", False),
    ("low.py", "    return 1", "\n    return 1", False),
    ("files.py", "plumbing = 1", "plumbing = 2", False),
    ("other.py", "x = 1", "x = 2", False),
]


def digest_of(module: str) -> str:
    for cached in (source_digest, workflow._local_imports, workflow._code):
        cached.cache_clear()
    return source_digest(module)


@pytest.mark.parametrize(("file", "old", "new", "changes"), EDITS)
def test_digest_follows_the_code(
    package: Path, file: str, old: str, new: str, changes: bool
) -> None:
    before = digest_of("limbeck.top")
    text = (package / file).read_text()
    assert old in text
    (package / file).write_text(text.replace(old, new))
    assert (digest_of("limbeck.top") != before) == changes


def test_digest_follows_data_and_imports_inside_functions(package: Path) -> None:
    before = digest_of("limbeck.room.stage")
    (package / "room/data/table.tsv").write_text("a\tc\n")
    data = digest_of("limbeck.room.stage")
    (package / "low.py").write_text("y = 1\n")
    assert len({before, data, digest_of("limbeck.room.stage")}) == 3


def test_another_url_of_the_same_model_decides_nothing() -> None:
    def settings(url: str) -> tuple[dict[str, Any], str]:
        values = config()
        values["teacher"]["generator"] |= {"server": None, "url": url, "model": "m"}
        build = load(values)
        return build.teacher("generator"), build.connection("generator")

    here, there = settings("http://127.0.0.1:1/v1"), settings("https://example.org/v1")
    assert here[0] == there[0]
    assert here[1] != there[1]
