"""Committed files that were made from others are fresh."""

import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]


def module(path: str):
    spec = importlib.util.spec_from_file_location("checked", ROOT / path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


LOCK = module("requirements/lock.py")


def pins(path: str) -> dict[str, str]:
    text = (ROOT / path).read_text()
    return dict(re.findall(r"^\s*(?:- )?([\w.-]+)==(\S+)(?: --hash.*)?$", text, re.M))


def normal(requirement: str) -> str:
    return re.split(r"[<>=!\[ ;]", requirement)[0].lower().replace("_", "-")


def test_the_cpu_lock_is_the_cuda_lock_without_cuda() -> None:
    everything = [f"{name}=={version}" for name, version in pins("requirements/cuda.txt").items()]
    expected = dict(pin.split("==") for pin in LOCK.cpu_only(everything))
    assert pins("requirements/cpu.txt") == expected, "the locks differ: make lock"


def test_the_locks_hold_the_pins_that_were_asked_for() -> None:
    lock = pins("requirements/cuda.txt")
    asked = pins("requirements/pins.in")
    assert {name: lock.get(name) for name in asked} == asked, "the locks are stale: make lock"


@pytest.mark.parametrize("name", ["cpu", "cuda"])
def test_each_line_of_a_lock_has_digests(name: str) -> None:
    lines = (ROOT / f"requirements/{name}.txt").read_text().splitlines()[1:]
    whole = re.compile(r"[\w.-]+==\S+( --hash=sha256:[0-9a-f]{64})+")
    assert [line for line in lines if not whole.fullmatch(line)] == [], (
        "a digest is missing: make lock"
    )
    for build, digest in LOCK.CPU_BUILD.items():
        assert [line for line in lines if line.startswith(f"{build} ") and digest in line]


def test_the_lock_says_which_pins_are_others() -> None:
    before = LOCK.versions(["a==1 --hash=sha256:0", "b==2"])
    after = LOCK.versions(["b==3 --hash=sha256:0", "c==4"])
    assert LOCK.told(before, after) == ["a 1 -> none", "b 2 -> 3", "c none -> 4"]


@pytest.mark.parametrize("name", LOCK.ENVIRONMENTS)
def test_environments_follow_the_locks(name: str) -> None:
    text = (ROOT / f"envs/{name}.yaml").read_text()
    environment = pins(f"envs/{name}.yaml")
    lock = pins("requirements/cuda.txt")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = list(project["dependencies"])
    for extra in LOCK.ENVIRONMENTS[name]:
        wanted += project["optional-dependencies"][extra]
    message = f"envs/{name}.yaml is stale: make lock"
    assert {normal(requirement) for requirement in wanted} <= environment.keys(), message
    assert environment == {package: lock[package] for package in environment}, message
    listed = [f"{package}=={version}" for package, version in environment.items()]
    assert text == LOCK.environment(name, listed), message
    assert yaml.safe_load(text)["dependencies"][0] == "python=3.11"


def test_the_rule_graph_in_the_readme_is_fresh() -> None:
    done = subprocess.run(
        [sys.executable, "docs/readme.py", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
