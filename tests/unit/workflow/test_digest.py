"""Digests change exactly when code does that can change a result."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from limbeck.workflow import digest
from limbeck.workflow.digest import source_digest

FILES = {
    "top.py": '''"""Top."""
from typing import TYPE_CHECKING
import sacrebleu, yaml
from limbeck.low import value
from limbeck import files, other
from limbeck.files import chance

if TYPE_CHECKING:
    from limbeck.room import unused


class Form(BaseModel):
    """A form."""

    answer: str


@dataclass
class Plain:
    size: int = 0


def drawn(key: str) -> float:
    return chance(key)
''',
    "low.py": '"""Low."""\n\n\ndef value() -> int:\n    """A value."""\n    return 1  # one\n',
    "files/__init__.py": "from limbeck.files.artefacts import chance, digest\n",
    "files/artefacts.py": """plumbing = 1
def chance(key):
    return 0.5
def digest(key):
    return 1
""",
    "other.py": "x = 1\n",
    "apart.py": "x = 1\n",
    "room/__init__.py": "",
    "room/unused.py": "x = 1\n",
    "room/stage.py": "TABLE = 'table.tsv'\n\n\ndef main():\n    import limbeck.low\n",
    "room/data/table.tsv": "# of ours\na\tb\n",
    "room/data/another.tsv": "a\tb\n",
    "room/chat.jinja": "{# how #}{{ turn }}",
    "room/base.py": "TEMPLATE = 'chat.jinja'\n",
}
LOCK = "sacrebleu==2.6.0\npyyaml==6.0\ntorch==2.13.0\n"


def forget() -> None:
    """Forget what is remembered of modules by their names."""
    for function in vars(digest).values():
        if hasattr(function, "cache_clear"):
            function.cache_clear()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "src/limbeck"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).write_text(text)
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements/cpu.txt").write_text(LOCK)
    monkeypatch.setattr(digest, "_PACKAGE", folder)
    yield folder
    forget()


EDITS = [
    ("top", "low.py", "return 1", "return 2", True),
    ("top", "low.py", "# one", "# another comment", False),
    ("top", "low.py", "A value.", "Another docstring.", False),
    ("top", "low.py", '    """A value."""\n', "", False),
    ("top", "low.py", "    return 1", "\n    return 1", False),
    ("top", "low.py", "-> int", "-> float", False),
    ("top", "top.py", "key: str", "key: bytes", False),
    ("top", "top.py", "size: int", "size: float", False),
    ("top", "top.py", "size: int = 0", "size: int = 1", True),
    ("top", "top.py", "answer: str", "answer: int", True),  # what a teacher is asked for
    ("top", "top.py", "import TYPE_CHECKING", "import TYPE_CHECKING, Any", False),
    ("top", "room/unused.py", "x = 1", "x = 2", False),
    ("top", "files/artefacts.py", "plumbing = 1", "plumbing = 2", False),
    ("top", "files/artefacts.py", "return 0.5", "return 0.25", True),  # it decides what is drawn
    ("top", "files/artefacts.py", "return 1", "return 2", False),  # which nothing here calls
    ("top", "other.py", "x = 1", "x = 2", True),
    ("top", "apart.py", "x = 1", "x = 2", False),
    ("top", "../../requirements/cpu.txt", "sacrebleu==2.6.0", "sacrebleu==2.7.0", True),
    ("top", "../../requirements/cpu.txt", "torch==2.13.0", "torch==2.14.0", False),
    ("top", "../../requirements/cpu.txt", "pyyaml==6.0", "pyyaml==7.0", False),
    ("room.stage", "low.py", "return 1", "return 2", True),
    ("room.stage", "room/data/table.tsv", "a\tb", "a\tc", True),
    ("room.stage", "room/data/table.tsv", "# of ours", "# of theirs", False),
    ("room.stage", "room/data/another.tsv", "a\tb", "a\tc", False),
    ("room.base", "room/chat.jinja", "turn", "turns", True),
    ("room.base", "room/chat.jinja", "how", "how else", False),
]


def digest_of(module: str, without: tuple[str, ...] = ()) -> str:
    forget()
    return source_digest(f"limbeck.{module}", without=without)


@pytest.mark.parametrize(("module", "file", "old", "new", "changes"), EDITS)
def test_digest_follows_what_can_change_a_result(
    package: Path, module: str, file: str, old: str, new: str, changes: bool
) -> None:
    before = digest_of(module)
    text = (package / file).read_text()
    assert old in text
    (package / file).write_text(text.replace(old, new))
    assert (digest_of(module) != before) == changes


def test_an_editors_backup_is_no_data(package: Path) -> None:
    before = digest_of("room.stage")
    for name in ("table.tsv~", ".table.tsv.swp", "#table.tsv#"):
        (package / "room/data" / name).write_text("x")
    assert digest_of("room.stage") == before


def test_a_module_that_a_stage_does_not_come_to_does_not_count(package: Path) -> None:
    before = digest_of("top", ("limbeck.other",))
    (package / "other.py").write_text("x = 2\n")
    assert digest_of("top", ("limbeck.other",)) == before != digest_of("top")


def test_every_data_file_is_named_by_a_module() -> None:
    """Whatever else lies there makes nothing stale."""
    folder = Path(digest.__file__).parents[1]
    modules = [
        ".".join(("limbeck", *path.relative_to(folder).with_suffix("").parts))
        for path in folder.rglob("*.py")
    ]
    named = {
        file for name in modules for file in digest._data_files(name.removesuffix(".__init__"))
    }
    there = {
        path
        for path in folder.rglob("*.*")
        if path.is_file()
        and path.suffix not in {".py", ".typed"}
        and "__pycache__" not in path.parts
    }
    assert there == named


def test_what_is_kept_of_modules_is_that_of_their_source(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def planned() -> str:
        """By a process that knows what an earlier one kept."""
        digest._keep(digest._known(), 0)
        digest._known.cache_clear()
        return digest_of("top")

    monkeypatch.setattr(digest, "_KEPT", package / "__pycache__/modules.json")
    first = planned()
    assert (package / "__pycache__/modules.json").is_file()
    parse = digest._parsed
    monkeypatch.setattr(digest, "_parsed", None)  # nothing is read again
    assert planned() == first
    monkeypatch.setattr(digest, "_parsed", parse)
    (package / "other.py").write_text("x = 2\n")
    assert planned() != first
    digest._KEPT.write_text("[")  # half-written
    assert planned() != first
