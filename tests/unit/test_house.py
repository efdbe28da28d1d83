"""The house that src/limbeck is: each room knows only the rooms on the floors below its own."""

import ast
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import limbeck

PACKAGE = Path(limbeck.__file__).parent

# From the ground up. Rooms of one floor do not know each other.
FLOORS = (
    {"errors"},
    {"files", "chrf"},
    {"stage", "device"},
    {"serving"},
    {"config", "languages", "phrasebook"},
    {"sources", "teacher", "student"},
    {"generation", "models", "translator"},
    {"dataset"},
    {"evaluation"},
    {"classification", "judgement"},
    {"workflow"},
    {"costs", "report"},
    {"assessment", "cards", "chat", "raters"},
    {"rehearsal"},
    {"cli"},
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}


def _module(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {_module(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def _imports(path: Path) -> Iterator[str]:
    """The modules of the package that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in MODULES else node.module


def _room(module: str) -> str:
    return module.split(".")[1]


IMPORTS = [
    (importer, imported)
    for importer, path in MODULES.items()
    for imported in _imports(path)
    if imported in MODULES and "." in imported and "." in importer
]


def test_every_room_is_on_a_floor():
    rooms = {_room(module) for module in MODULES if "." in module}
    assert rooms == FLOOR.keys()


def test_newcomers_are_shown_every_room():
    text = (PACKAGE.parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert not [room for room in FLOOR if f"`{room}/`" not in text and f"`{room}.py`" not in text]


def test_no_import_runs_up():
    upward = [
        f"{MODULES[importer]} imports {MODULES[imported]}"
        for importer, imported in IMPORTS
        if _room(importer) != _room(imported) and FLOOR[_room(importer)] <= FLOOR[_room(imported)]
    ]
    assert not upward, "\n".join(upward)


def test_no_modules_import_each_other():
    """A circle, also one inside a room."""
    known: dict[str, set[str]] = {name: set() for name in MODULES}
    for importer, imported in IMPORTS:
        known[importer].add(imported)
    while free := [name for name, below in known.items() if not below & known.keys()]:
        for name in free:
            del known[name]
    in_circles = [str(MODULES[name]) for name in known]
    assert not in_circles, "\n".join(in_circles)


def test_few_files_lie_beside_the_rooms():
    assert len([path for path in PACKAGE.iterdir() if path.is_file()]) <= 6


def test_no_two_names_differ_by_an_ending_alone():
    names = {module.split(".")[-1] for module in MODULES} - {"limbeck"}
    alike = [
        f"{one}, {other}"
        for one, other in combinations(sorted(names), 2)
        if other in {f"{one}s", f"{one}es", f"{one}ing", f"{one.removesuffix('e')}ing"}
        or (one.endswith("y") and other == f"{one.removesuffix('y')}ies")
    ]
    assert not alike, "; ".join(alike)
