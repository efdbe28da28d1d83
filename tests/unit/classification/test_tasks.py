"""Tasks: every shipped file loads, and each kind of mistake gets a useful line."""

from pathlib import Path

import pytest

from limbeck.classification import tasks
from limbeck.errors import UserError
from limbeck.languages import covered, languages

ROOT = Path(__file__).parents[3]
SHIPPED = sorted((ROOT / "config/tasks").glob("*.yaml"))

GOOD = """
question: Which?
text_kind: line
labels:
  left: {description: goes left, aliases: [port]}
  right: {description: goes right}
values: {"0": left}
licence: none
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "ways.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_tasks_load(path: Path) -> None:
    task = tasks.load(path)
    assert task.name == path.stem
    assert all(card.examples for card in task.labels.values())


def test_values_of_data_files() -> None:
    task = tasks.load(ROOT / "config/tasks/intent.yaml")
    assert task.label_of("weather_query") == "weather_query"
    assert task.label_of(" Weather Query ") == "weather_query"
    assert task.label_of("play_music") is None
    assert tasks.load(ROOT / "config/tasks/sarcasm.yaml").label_of(1) == "sarcastic"


def test_intent_is_of_the_languages_of_its_source() -> None:
    """Its release is an earlier one than the table's: Catalan was added to MASSIVE in 1.1."""
    intent = tasks.load(ROOT / "config/tasks/intent.yaml")
    table = [language for language in languages() if covered(language, "massive")]
    own = [language.name for language in table if not intent.covers(language)]
    assert (len(table), own) == (52, ["Catalan"])
    assert len(intent.languages) == 51


BAD = [
    ("labels:", "lables:", "lables: unknown key, did you mean 'labels'"),
    ("description: goes left", "descripton: goes left", "descripton.*did you mean 'description'"),
    ("  right: {description: goes right}\n", "", "labels: .*at least 2"),
    ("aliases: [port]", "aliases: [RIGHT]", "'RIGHT' names both|'right' names both"),
    ('"0": left', '"0": up', "'up', which is no label"),
    ("question: Which?\n", "", "question: this key is missing"),
    ("  right:", "  no:", "False is no text: put the label in quotes"),
    ("labels:", "labels: [", "not YAML"),
    ("licence: none", "licence: none\nlanguages: masive", "'masive' is no column .*massive"),
]


@pytest.mark.parametrize(("old", "new", "message"), BAD)
def test_mistakes(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(UserError, match=message) as caught:
        tasks.load(written(tmp_path, GOOD.replace(old, new)))
    assert "\n" not in str(caught.value)


def test_a_misspelt_task() -> None:
    with pytest.raises(UserError, match="did you mean 'sentiment'"):
        tasks.find("sentimant", ROOT / "config/tasks")


def test_a_new_task_loads_and_is_not_written_over(tmp_path: Path) -> None:
    path = tasks.start("clinic", tmp_path)
    assert tasks.load(path).names == ["first label", "second label"]
    with pytest.raises(UserError, match="exists already"):
        tasks.start("clinic", tmp_path)
    with pytest.raises(UserError, match="is no name of a task"):
        tasks.start("../clinic", tmp_path)
