"""What people are told to do is what helps."""

import re
import sys
from pathlib import Path

import pytest

from limbeck import config
from limbeck.rehearsal import machine, needs
from limbeck.student import room

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    "advice",
    [*(way for way in needs.LEANER if "lora" in way), room.ADVICE,
     *map(Path.read_text, (ROOT / "README.md", ROOT / "docs/students.md"))],
)  # fmt: skip
def test_whoever_is_told_of_lora_is_told_its_learning_rate(advice: str) -> None:
    """The default is of whole weights, with which adapters hardly learn."""
    [rate] = set(re.findall(r"method: lora, learning_rate: ([\d.e-]+)", advice))
    assert float(rate) > 10 * config.Training().learning_rate


def test_llama_cpp_is_built_anew_as_it_is_pinned() -> None:
    """The converter, and all that was measured, are of that version; and in this environment."""
    command = machine.build_for_cuda().split()
    assert command[1:4] == [sys.executable, "-m", "pip"]
    assert f"{command[-1]} " in (ROOT / "requirements/cpu.txt").read_text()


def test_whoever_is_told_of_resources_is_told_all_of_the_profile() -> None:
    """Those of a command line take the place of the profile's, all of them."""
    pages = [ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("src/**/*.py")]
    said = [
        text for page in pages for text in re.findall(r"--resources ([\w=]+)", page.read_text())
    ]
    assert set(said) == {"teacher=2"}
