"""`limbeck clean` shows what is kept, and removes what it says."""

from pathlib import Path

import pytest

from limbeck import cli
from limbeck.workflow import kept

ROWS = Path("results/rows.jsonl")


@pytest.fixture(autouse=True)
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two results of one stage, the second of which the results have."""
    monkeypatch.chdir(tmp_path)
    ROWS.parent.mkdir()
    for key in ("first", "second"):
        ROWS.unlink(missing_ok=True)
        ROWS.write_text(key * 1_000_000)
        kept.keep(key, [str(ROWS)], {"rule": "write_topics"})


def limbeck(*arguments: str) -> None:
    options = cli.parser().parse_args(["clean", *arguments])
    assert options.run(options) == 0


def names() -> set[str]:
    return {entry.folder.name for entry in kept.entries()}


def test_it_shows_and_leaves_all(capsys: pytest.CaptureFixture[str]) -> None:
    limbeck()
    said = capsys.readouterr().out
    assert "work/made: 2 results, 11.0 MB" in said
    assert "1 are of earlier states and in no target any more, 5.0 MB:" in said
    assert "write_topics" in said
    assert names() == {"first", "second"}


@pytest.mark.parametrize(
    ("option", "left", "freed"), [("--unneeded", {"second"}, 5.0), ("--all", set(), 5.0)]
)
def test_it_removes_what_it_is_told(
    option: str, left: set[str], freed: float, capsys: pytest.CaptureFixture[str]
) -> None:
    limbeck(option)
    assert f"{freed:.1f} MB freed" in capsys.readouterr().out
    assert names() == left
    assert ROWS.read_text() == "second" * 1_000_000
    limbeck()
