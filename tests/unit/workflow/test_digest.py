"""Digests change exactly when code does that can change a result."""

from pathlib import Path

import pytest

from limbeck.workflow import digest
from limbeck.workflow.digest import source_digest


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    files = {
        "top.py": '"""Top."""\nfrom limbeck.low import value\nfrom limbeck import files\n',
        "low.py": '"""Low."""\n\n\ndef value():\n    """A value."""\n    return 1  # one\n',
        "files.py": "plumbing = 1\n",
        "other.py": "x = 1\n",
        "room/__init__.py": "",
        "room/stage.py": "def main():\n    import limbeck.low\n",
        "room/data/table.tsv": "a\tb\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(digest, "_PACKAGE", tmp_path)
    return tmp_path


EDITS = [
    ("low.py", "return 1", "return 2", True),
    ("low.py", "# one", "# another comment", False),
    ("low.py", "A value.", "Another docstring.", False),
    ("low.py", "    return 1", "\n    return 1", False),
    ("files.py", "plumbing = 1", "plumbing = 2", False),
    ("other.py", "x = 1", "x = 2", False),
]


def digest_of(module: str) -> str:
    for cached in (source_digest, digest._local_imports, digest._code):
        cached.cache_clear()
    return source_digest(module)


@pytest.mark.parametrize(("file", "old", "new", "changes"), EDITS)
def test_digest_follows_the_code(
    package: Path, file: str, old: str, new: str, changes: bool
) -> None:
    before = digest_of("limbeck.top")
    text = (package / file).read_text()
    assert old in text
    (package / file).write_text(text.replace(old, new))
    assert (digest_of("limbeck.top") != before) == changes


def test_digest_follows_data_and_imports_inside_functions(package: Path) -> None:
    before = digest_of("limbeck.room.stage")
    (package / "room/data/table.tsv").write_text("a\tc\n")
    data = digest_of("limbeck.room.stage")
    (package / "low.py").write_text("y = 1\n")
    assert len({before, data, digest_of("limbeck.room.stage")}) == 3
