"""A second set of what teachers are told has all that the stages ask of it."""

from collections.abc import Collection, Mapping
from pathlib import Path

import pytest

from limbeck.generation import (
    contexts,
    respond,
    revise,
    scenarios,
    templates,
    topics,
    translate,
)
from limbeck.generation.instructions import load
from limbeck.workflow.options import build_of

SETS = {
    "topics": topics.TEMPLATES,
    "scenarios": scenarios.TEMPLATES,
    "contexts": contexts.TEMPLATES,
    "revise": revise.TEMPLATES,
    "respond": respond.TEMPLATES,
    "dataset": templates.TEMPLATES,
    "translate": translate.TEMPLATES,
}
KAKUGO = Path("config/prompts/kakugo")
# What is of no language may not name one.
GENERAL = {"topics": ("macro_topics", "topics"), "scenarios": ("", "detailed")}


@pytest.mark.parametrize("name", SETS)
def test_the_papers_set_is_whole(name: str) -> None:
    wanted: Mapping[str, Collection[str]] = SETS[name]
    told = load(KAKUGO / f"{name}.yaml", wanted)
    others = load(Path(f"config/prompts/{name}.yaml"), wanted)
    if name != "dataset":  # whose requests for a translation are as plain as can be
        assert not set(told.templates.values()) & set(others.templates.values())
    for found in (told, others):
        for part in GENERAL.get(name, ()):
            template = found.templates["_".join(filter(None, ("general", part)))]
            assert "{language" not in template
            assert "{endonym}" not in template


def test_a_set_holds_where_it_has_a_file() -> None:
    paper = build_of([Path("config/presets/kakugo.yaml")], ["languages=[Kinyarwanda]"]).config
    assert paper.instructions("topics") == "config/prompts/kakugo/topics.yaml"
    assert paper.instructions("checks") == "config/prompts/checks.yaml"
    assert build_of([], []).config.instructions("topics") == "config/prompts/topics.yaml"
