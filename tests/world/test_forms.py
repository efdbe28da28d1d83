"""What the stand-in hub serves is read as the real one: by `datasets`, in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from world import hub, rows, texts

ROOT = Path(__file__).parents[2]
# Reads data sets as the stages do: a line each, what came or what is wrong.
PROGRAM = """
import json, sys
from pathlib import Path
from limbeck import config
from limbeck.classification import data, tasks
from limbeck.config import data_sets
from limbeck.errors import UserError
from limbeck.evaluation.catalogue import find
from limbeck.evaluation.prepare import Settings, rows
from limbeck.languages import resolve
from limbeck.sources import conversations, texts

def read(what, language):
    card = dict(resolve(language).card())
    if what == "conversations":
        section = config.Conversations(
            source="BAAI/Infinity-Instruct", name="7M_core", revision=None, split="train",
            limit=500, max_bytes=None,
        )
        return conversations.collect(section, 1)
    if what == "texts":
        section = config.Texts(source="HuggingFaceFW/fineweb-2", name=card["code"], revision=None,
                               split="train", limit=500, max_words=600)
        return texts.collect(section, card, 1)
    if what.startswith("task-"):
        return data.read("task", tasks.find(what[5:]), card, "test", 100, 1)
    name = {"flores": "flores_from_english"}.get(what, what)
    entry = data_sets()[what]
    return rows(find(name), card, Settings(source="hub", seed=1, hub=entry))[0]

for line in sys.stdin:
    try:
        found = read(*json.loads(line))
        print(json.dumps(found), flush=True)
    except UserError as error:
        print(json.dumps(str(error)), flush=True)
"""

# data set, language -> rows that are read
READ = [
    ("flores", "Kinyarwanda", 120),
    ("flores", "Estonian", 120),  # ekk_Latn there
    ("flores", "Guarani", 120),  # gug_Latn
    ("flores", "Simplified Chinese", 120),  # cmn_Hans
    ("sib200", "Welsh", texts.TESTED),
    ("belebele", "Amharic", 38),  # without the passages set aside
    ("global_mmlu", "Yoruba", 120),
    ("global_mmlu_lite", "Swahili", 120),
    ("texts", "Faroese", 120),
    ("conversations", "English", 175),  # without those in Chinese
    ("task-topic", "Yoruba", texts.TESTED),
    ("task-intent", "Welsh", texts.TESTED),
    ("task-sentiment", "Swahili", texts.TESTED),
]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[hub.Hub]:
    """The data sets alone."""
    folder, there, gated = tmp_path_factory.mktemp("hub"), {}, {}
    for entry in rows.repositories():
        if entry.kind == "dataset":
            place = folder / entry.repository
            place.mkdir(parents=True)
            rows.write(entry, place)
            there[entry.repository] = {entry.revision: place}
            gated |= {entry.repository: entry.gated} if entry.gated else {}
    with hub.serving(there, gated) as running:
        yield running


def read(served: hub.Hub, home: Path, token: str | None, *asked: tuple[str, str]) -> list[object]:
    environment = {**os.environ, "HF_ENDPOINT": served.url, "HF_HOME": str(home)}
    environment |= {"HF_TOKEN": token} if token else {}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, cwd=ROOT, text=True, check=True,
        input="".join(json.dumps(one) + "\n" for one in asked), capture_output=True,
    )  # fmt: skip
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith(("[", '"'))]


def test_every_data_set_of_a_shipped_config_is_read(served: hub.Hub, tmp_path: Path) -> None:
    found = read(served, tmp_path, hub.MEMBER, *((what, name) for what, name, _ in READ))
    counts = [len(part) if isinstance(part, list) else part for part in found]
    wanted = [count for *_, count in READ]
    assert counts == [pytest.approx(count, abs=4) for count in wanted], list(
        zip(READ, counts, strict=True)
    )


@pytest.mark.parametrize("token", [hub.STRANGER, None])
def test_gated_data_sets_say_what_to_do(served: hub.Hub, tmp_path: Path, token: str | None) -> None:
    flores, talks = read(served, tmp_path, token, ("flores", "Welsh"), ("conversations", "English"))
    assert "gated: agree to its terms on https://huggingface.co/datasets/openlang" in str(flores)
    assert "gated" in str(talks)
    assert "\n" not in f"{flores}{talks}"
