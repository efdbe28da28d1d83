"""What docs/adding/ tells newcomers works: each page is followed to the letter in a copy."""

import re
import subprocess
from pathlib import Path

import pytest

from project import ROOT, Project

PAGES = sorted((ROOT / "docs/adding").glob("*.md"))
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.M | re.S)


def change(folder: Path, block: str) -> None:
    """Apply a block that names its file: lines that are there, lines that go, lines that come."""
    first, *lines = block.splitlines()
    path = folder / first.removeprefix("--- ")
    before = "".join(f"{line[1:]}\n" for line in lines if line[:1] != "+")
    after = "".join(f"{line[1:]}\n" for line in lines if line[:1] != "-")
    text = path.read_text(encoding="utf-8")
    assert text.count(before) == 1, f"{path.name} has these lines {text.count(before)} times"
    path.write_text(text.replace(before, after), encoding="utf-8")


def follow(folder: Path, page: Path) -> str:
    """Write, change and run what a page says; the output of its commands."""
    output = ""
    project = Project(folder)
    for kind, name, content in BLOCK.findall(page.read_text(encoding="utf-8")):
        if name:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content, encoding="utf-8")
        elif kind == "diff":
            change(folder, content)
        elif kind == "sh":
            done = subprocess.run(
                ["bash", "-ec", content], cwd=folder, env=project.environment,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            )  # fmt: skip
            assert done.returncode == 0, done.stdout
            output += done.stdout
    return output


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_can_be_followed(page: Path, tmp_path: Path) -> None:
    output = follow(tmp_path, page)
    assert page.stem != "language" or output.startswith("glv_Latn\n")


def test_every_page_is_named_where_people_look() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert all(f"docs/adding/{page.name}" in text for page in PAGES)
