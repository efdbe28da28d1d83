"""What people are told to do is what helps."""

import re
from pathlib import Path

import pytest

from limbeck import config
from limbeck.rehearsal import needs
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
