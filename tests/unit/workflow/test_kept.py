"""Finished results come back as they were, whatever happens to them and to whoever keeps them."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from limbeck.workflow import kept
from small_disk import FULL, small_disk

OUTPUTS = ["results/rows.jsonl", "results/checkpoint"]
FILES = {
    "results/rows.jsonl": "one\n",
    "results/checkpoint/config.json": "{}",
    "results/checkpoint/deep/weights": "w" * 1000,
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make(text: str = "") -> None:
    """The outputs as a stage writes them: new files in the place of old ones."""
    for name, content in FILES.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_text(content + text)


def there() -> dict[str, str]:
    return {str(path): path.read_text() for path in Path("results").rglob("*") if path.is_file()}


def test_what_was_kept_comes_back() -> None:
    make()
    assert kept.fetch("k", OUTPUTS) is None
    assert kept.keep("k", OUTPUTS, {"rule": "x"})
    assert not kept.keep("k", OUTPUTS, {"rule": "x"}), "it is there already"
    make(" edited")
    Path("results/checkpoint/more").write_text("left over")
    record = kept.fetch("k", OUTPUTS)
    assert record is not None
    assert record["rule"] == "x"
    assert there() == FILES
    os.remove("results/rows.jsonl")
    assert kept.fetch("k", OUTPUTS)
    assert there() == FILES
    assert [entry.alone for entry in kept.entries()] == [0], "linked files cost nothing"


def test_without_hard_links_it_is_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on two file systems, or on one that has none."""

    def refuse(*args: object, **named: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    make()
    kept.keep("k", OUTPUTS, {})
    make(" edited")
    assert kept.fetch("k", OUTPUTS)
    assert there() == FILES
    assert Path("results/rows.jsonl").stat().st_nlink == 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda: Path("results/rows.jsonl").write_text("two\n"),  # in place: the kept one, too
        lambda: (kept.FOLDER / "k/0").unlink(),
        lambda: (kept.FOLDER / "k/1/deep/weights").write_text("short"),
    ],
)
def test_what_was_damaged_does_not_come_back(damage: object) -> None:
    make()
    kept.keep("k", OUTPUTS, {})
    assert callable(damage)
    damage()
    assert kept.fetch("k", OUTPUTS) is None
    assert not list(kept.entries()), "it is removed, and can be kept anew"
    make()
    assert kept.keep("k", OUTPUTS, {})


def test_the_longest_unused_goes_first() -> None:
    for number in range(4):
        make(f" {number}")
        kept.keep(str(number), OUTPUTS, {})
        os.utime(kept.FOLDER / str(number), (1e9 + number, 1e9 + number))
    make(" 4")
    assert kept.fetch("0", OUTPUTS)  # used now, and linked
    make(" 5")
    alone = {entry.folder.name: entry.alone for entry in kept.entries()}
    assert list(alone) == ["1", "2", "3", "0"]
    freed = kept.prune(alone["3"] + alone["0"])
    assert freed == alone["1"] + alone["2"]
    assert [entry.folder.name for entry in kept.entries()] == ["3", "0"]
    kept.prune(0)
    assert not [entry for entry in kept.entries() if entry.alone]


def test_a_start_removes_nothing_that_is_whole() -> None:
    make()
    kept.keep("k", OUTPUTS, {})
    shutil.rmtree("results")
    (kept.FOLDER / ".new-killed").mkdir()
    os.utime(kept.FOLDER / ".new-killed", (1e9, 1e9))
    kept.sweep()
    assert [path.name for path in kept.FOLDER.iterdir()] == ["k"]
    assert kept.fetch("k", OUTPUTS)
    assert there() == FILES


def test_a_full_disk_leaves_nothing_half_made() -> None:
    make()
    with small_disk(kept.FOLDER, 100):
        with pytest.raises(OSError, match=FULL):
            kept.keep("k", OUTPUTS, {})
        assert not list(kept.FOLDER.iterdir())
    assert there() == FILES


KEEPER = """
import sys
from limbeck.workflow import kept
while True:
    for key in "abcdefgh":
        kept.keep(key, ["results/rows.jsonl", "results/checkpoint"], {})
        kept.fetch(key, [f"mine-{sys.argv[1]}/rows.jsonl", f"mine-{sys.argv[1]}/checkpoint"])
        kept.prune(0)
        for entry in kept.entries():
            kept.remove(entry)
"""


def test_two_processes_and_kills_leave_whole_entries() -> None:
    make()
    for _ in range(8):
        keepers = [
            subprocess.Popen([sys.executable, "-c", KEEPER, name], stderr=subprocess.PIPE)
            for name in "12"
        ]
        time.sleep(0.4)
        assert [keeper.poll() for keeper in keepers] == [None, None], keepers[0].communicate()
        for keeper in keepers:
            keeper.send_signal(signal.SIGKILL)
            keeper.communicate()
        for entry in kept.entries():
            assert json.loads((entry.folder / "record.json").read_bytes())
            assert kept.fetch(entry.folder.name, OUTPUTS), "what is there is whole"
        assert there() == FILES
    for half in kept.FOLDER.glob(".*"):
        os.utime(half, (1e9, 1e9))
    kept.sweep()
    assert not list(kept.FOLDER.glob(".*")), "what the killed left half made goes"
