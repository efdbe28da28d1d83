"""The commands of plans and journals, as a person types them."""

import argparse
from pathlib import Path

import pytest
import yaml

from limbeck import config
from limbeck.costs import commands
from limbeck.languages import resolve
from limbeck.workflow.build import Build

ROOT = Path(__file__).parents[3]
PRICE = config.Price(input=1.0, output=10.0)


@pytest.fixture
def repository(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder: what the repository has, and nothing that a run has made there."""
    folder = tmp_path_factory.mktemp("repository")
    for name in ("config", "requirements", "Makefile", "README.md"):
        (folder / name).symlink_to(ROOT / name)
    monkeypatch.chdir(folder)
    return folder


def run(*arguments: str) -> int:
    """The exit code of `limbeck` with these arguments."""
    parser = argparse.ArgumentParser()
    commands.add_to(parser.add_subparsers())
    options = parser.parse_args(arguments)
    code: int = options.run(options)
    return code


def elsewhere(names: list[str]) -> Build:
    """Languages of a teacher at a price, with nothing scored or classified."""
    values = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    place = {"server": None, "url": "http://x/v1", "structured": "json_schema"}
    values["teacher"]["generator"] |= {"model": "teacher", **place}
    values["benchmarks"]["run"] = []
    values["classification"]["tasks"] = []
    values["conversations"] |= {"source": "owner/some", "limit": 10}
    values["texts"] |= {"source": "owner/others", "limit": 10}
    values["prices"] = {"teacher": {"input": 1.0, "output": 10.0}}
    values["budget"] = 2.0
    return Build(config.load(values), list(map(resolve, names)))
