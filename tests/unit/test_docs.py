"""What the pages of docs/ repeat of the config is true, and their index is whole."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from limbeck.config.options import merged

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md"))
CONFIG = ROOT / "config/config.yaml"
NONE = "-"


@cache
def _config(column: str) -> dict[str, Any] | None:
    """The config that a column is about: the default one, or a preset in backticks."""
    base: dict[str, Any] = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    if column == "default":
        return base
    preset = ROOT / f"config/presets/{column.strip('`')}.yaml"
    if column[:1] != "`" or not preset.is_file():
        return None
    over: dict[str, Any] = merged(base, yaml.safe_load(preset.read_text(encoding="utf-8")))
    return over


def _value(config: dict[str, Any], key: str) -> Any:
    """The value at a dotted key; a key of a student is one of the first student's."""
    students = {name: body for name, body in config["students"].items() if body is not None}
    for root in (config, next(reversed(students.values())), config["filters"]):
        value: Any = root
        for part in key.split("."):
            value = value.get(part, KeyError) if isinstance(value, dict) else KeyError
        if value is not KeyError:
            return value
    return KeyError


def _numbers(value: Any) -> list[float]:
    """The numbers of a value, or of the text of a cell, in order."""
    if isinstance(value, bool):
        return []
    if isinstance(value, int | float):
        return [float(value)]
    if isinstance(value, dict):
        return [number for part in value.values() for number in _numbers(part)]
    if isinstance(value, list):
        return [number for part in value for number in _numbers(part)]
    if isinstance(value, str):
        found = re.findall(r"(?<![\w.])\d[\d,]*(?:\.\d+)?", value)
        return [float(number.replace(",", "")) for number in found]
    return []


def _cells() -> Iterator[tuple[str, str, str, str]]:
    """Page, column, key and cell of each table that shows values of the config."""
    for page in PAGES:
        head: list[str] = []
        for line in page.read_text(encoding="utf-8").splitlines():
            if not line.startswith("|"):
                head = []
                continue
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if not head:
                head = cells
                continue
            keys = re.findall(r"`([a-z_.]+)`", " ".join(cells[:2]))
            for column, cell in zip(head, cells, strict=False):
                if (column == "default" or column[:1] == "`") and keys:
                    yield page.name, column, keys[-1], cell


SHOWN = [
    (page, column, key, cell)
    for page, column, key, cell in _cells()
    if (config := _config(column)) is not None and _value(config, key) is not KeyError
]


def test_tables_of_the_config_are_found() -> None:
    assert len(SHOWN) > 30


@pytest.mark.parametrize(("page", "column", "key", "cell"), SHOWN)
def test_a_page_shows_the_configs_value(page: str, column: str, key: str, cell: str) -> None:
    config = _config(column)
    assert config is not None
    value = _value(config, key)
    if value is None:
        assert cell == NONE, f"docs/{page}: {key} is off in {column}"
    elif cell not in (NONE, "the same"):
        shown = _numbers(cell)
        assert not shown or shown == _numbers(value), f"docs/{page}: {key} is {value} in {column}"


def test_the_index_names_every_page() -> None:
    index = (ROOT / "docs/README.md").read_text(encoding="utf-8")
    listed = re.findall(r"\]\(([\w-]+\.md)\)", index)
    assert sorted([*listed, "README.md"]) == [page.name for page in PAGES]


@pytest.mark.parametrize("page", [ROOT / "README.md", *PAGES], ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text(encoding="utf-8"))
    gone = [link for link in links if not (page.parent / link).exists()]
    assert not gone
