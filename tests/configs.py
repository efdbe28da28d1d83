"""Configs of many kinds, as Snakemake would read them."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from limbeck.translator import apertium as engine

ROOT = Path(__file__).parents[1]


def config(**changes: Any) -> dict[str, Any]:
    return {**yaml.safe_load((ROOT / "config/config.yaml").read_text()), **changes}


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


def classifying(tasks: list[str], names: list[str]) -> dict[str, Any]:
    values = elsewhere(languages=names)
    values["classification"] |= {"tasks": tasks, "data": "task"}
    return values


def translating(model: str, language: str = "Esperanto") -> dict[str, Any]:
    values = elsewhere(languages=[language])
    values["teacher"]["translator"] = {"server": "apertium", "model": model}
    return values


def apertium(*pairs: str) -> Any:
    there = shutil.which("apertium") is not None and set(pairs) <= set(engine.pairs())
    return pytest.mark.skipif(not there, reason=f"Apertium with {', '.join(pairs)} is missing")
