"""Digests of source code: a stage is stale when code that decides its result was edited.

Snakemake does not look into the modules that a rule's command imports, so each rule has the digest
of its stage's modules as a param: their code, the data files that they name, and the locked
versions of the libraries that they import.
"""

import ast
import atexit
import contextlib
import functools
import hashlib
import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from limbeck.errors import UserError
from limbeck.files import write_text

_PACKAGE = Path(__file__).parents[1]
_OWN = Path(__file__).read_bytes()  # what is kept of a module follows from this one, too
_KEPT = Path(__file__).with_name("__pycache__") / "modules.json"
_MOST = 1_000  # modules that are kept, the newest

# Modules that carry settings, rows and replies from one place to another, or look whether something
# goes well, and decide none of their content: an edit of these makes no artefact stale. What is
# taken of the table of languages stands in the params.
_PLUMBING = frozenset(
    f"limbeck.{name}"
    for name in (
        "device",
        "errors",
        "files",
        "files.artefacts",
        "files.lock",
        "files.outside",
        "languages",
        "languages.names",
        "languages.tags",
        "languages.variety",
        "stage",
        "student.guard",
        "student.room",
        "teacher.batch",
        "teacher.budget",
        "teacher.client",
        "teacher.endpoint",
        "teacher.journal",
        "teacher.launch",
        "teacher.limits",
        "teacher.progress",
        "teacher.server",
        "teacher.structured",
        "teacher.watch",
    )
)
# But these decide draws, ids and values, in whatever calls them.
_DRAWING = {"limbeck.files.artefacts": ("canonical", "digest", "chance", "plain")}

# Libraries that carry in the same way.
_CARRIERS = frozenset(
    {"aiohttp", "huggingface_hub", "pyarrow", "pydantic", "pydantic_core", "yaml"}
)
_PACKAGED_AS = {
    "fasttext": "fasttext-community",
    "llama_cpp": "llama-cpp-python",
    "sklearn": "scikit-learn",
}  # where a library's name is not its package's

_FILE = re.compile(r"(?:data/)?\w+\.[a-z]+")
_TYPING = frozenset({"__future__", "collections.abc", "types", "typing"})


@functools.cache
def source_digest(*modules: str, without: tuple[str, ...] = ()) -> str:
    """12 hexadecimal digits for the code of modules and of all that they import from here.

    Comments, docstrings, annotations and layout do not count: only an edit that can change a
    result makes an artefact stale. The fields of a class are no annotations where they are more
    than types: a reply's form is what a teacher is told.

    Args:
        modules: by their full names.
        without: modules, with all inside them, that this stage does not come to.
    """
    seen = _reached(modules, without)
    counted = sorted(name for name in seen if name in modules or not _is_plumbing(name))
    content = hashlib.sha256()
    for name in counted:
        content.update(_module(name).code.encode())
    for name in sorted(seen & _DRAWING.keys()):
        for function in _DRAWING[name]:
            if any(_calls(user, function) for user in counted):
                content.update(_module(name).functions[function].encode())
    for file in sorted({file for name in counted for file in _data_files(name)}):
        content.update(file.name.encode() + _meaning(file))
    for library in sorted({library for name in counted for library in _libraries(name)}):
        content.update(f"{library}=={_locked().get(library)}".encode())
    return content.hexdigest()[:12]


def pinned(package: str) -> str:
    """The version of a package that the lock file names."""
    found = _locked().get(package)
    if not found:
        raise UserError(f"requirements/cpu.txt: {package} is not pinned there")
    return found


def libraries() -> dict[str, str]:
    """The locked version of each library that the package's stages import."""
    own = (path.relative_to(_PACKAGE.parent).with_suffix("") for path in _PACKAGE.rglob("*.py"))
    names = {name for path in own for name in _libraries(".".join(path.parts))}
    return {name: version for name in sorted(names) if (version := _locked().get(name))}


def digests(package: str) -> list[str]:
    """The SHA-256 digests of a package's files that the lock names."""
    return re.findall(r"--hash=sha256:([0-9a-f]{64})", _locked_lines().get(package, ""))


def _reached(modules: Iterable[str], without: tuple[str, ...]) -> set[str]:
    seen: set[str] = set()
    todo = list(modules)
    while todo:
        name = todo.pop()
        if name in seen or any(name == out or name.startswith(f"{out}.") for out in without):
            continue
        seen.add(name)
        todo.extend(_local_imports(name))
    return seen


def _is_plumbing(module: str) -> bool:
    return module in _PLUMBING or module.startswith("limbeck.config")


@functools.cache
def _path(module: str) -> Path | None:
    base = _PACKAGE.joinpath(*module.split(".")[1:])
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return path
    return None


class _Module(NamedTuple):
    """What counts of a module; read from its syntax, which takes most of the time of a plan."""

    imports: list[str]  # the names of all that it imports, and of what it takes of them
    code: str
    functions: dict[str, str]
    files: list[str]  # strings that could name a data file


@functools.cache
def _module(name: str) -> _Module:
    path = _path(name)
    if path is None:
        raise UserError(f"{name}: there is no such module")
    source = path.read_bytes()
    key = hashlib.sha256(_OWN + source).hexdigest()
    if key not in _known():
        _known()[key] = _parsed(source)
    return _Module(*_known()[key])


@functools.cache
def _known() -> dict[str, Any]:
    """Modules by the digest of their source; kept where Python keeps what it compiled."""
    try:
        found = json.loads(_KEPT.read_bytes())
    except (OSError, ValueError):
        found = {}
    known = found if isinstance(found, dict) else {}
    atexit.register(_keep, known, len(known))
    return known


def _keep(known: dict[str, Any], before: int) -> None:
    if len(known) > before:
        with contextlib.suppress(OSError):  # it only saves time
            used = {key: known[key] for key in list(known)[-_MOST:]}
            write_text(_KEPT, json.dumps(used))


def _parsed(source: bytes) -> _Module:
    tree = ast.parse(source)
    _Meaning().visit(tree)
    imports: list[str] = []
    files: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imports += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            imports += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Constant) and _FILE.fullmatch(str(node.value)):
            files.append(str(node.value))
    parts = (part for part in tree.body if isinstance(part, ast.FunctionDef))
    functions = {part.name: ast.unparse(part) for part in parts}
    return _Module(imports, ast.unparse(tree), functions, sorted(set(files)))


class _Meaning(ast.NodeTransformer):
    """Takes out of a module what decides nothing."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        if isinstance(node, documented) and ast.get_docstring(node) is not None:
            del node.body[0]
        return super().generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        fields = [part for part in node.body if isinstance(part, ast.AnnAssign)]
        self.generic_visit(node)
        if node.bases:  # a form, whose fields' types are what it takes
            node.body += fields
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        return ast.Assign([node.target], node.value or ast.Constant(...), lineno=node.lineno)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        return None if node.module in _TYPING else node

    def visit_If(self, node: ast.If) -> ast.AST | None:
        return None if ast.unparse(node.test) == "TYPE_CHECKING" else self.generic_visit(node)


@functools.cache
def _local_imports(module: str) -> tuple[str, ...]:
    imports = _module(module).imports
    return tuple(name for name in imports if name.startswith("limbeck.") and _path(name))


@functools.cache
def _calls(module: str, function: str) -> bool:
    return re.search(rf"\b{function}\(", _module(module).code) is not None


@functools.cache
def _libraries(module: str) -> frozenset[str]:
    """The packages of the lock that a module imports."""
    tops = {name.partition(".")[0] for name in _module(module).imports}
    names = tops - _CARRIERS - sys.stdlib_module_names - {"limbeck"}
    return frozenset(_PACKAGED_AS.get(name, name.replace("_", "-").lower()) for name in names)


@functools.cache
def _locked() -> dict[str, str]:
    """The versions of the lock, by package."""
    return {name: line.split(" ")[0].partition("==")[2] for name, line in _locked_lines().items()}


@functools.cache
def _locked_lines() -> dict[str, str]:
    """The lines of the lock, by package."""
    path = _PACKAGE.parents[1] / "requirements/cpu.txt"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return {line.partition("==")[0]: line for line in lines if "==" in line}


@functools.cache
def _data_files(module: str) -> tuple[Path, ...]:
    """The files that a module names, of its own folder and of ``data`` in it."""
    path = _path(module)
    assert path is not None
    found = (path.parent / part / name for name in _module(module).files for part in ("", "data"))
    return tuple(file for file in found if file.is_file() and file.suffix != ".py")


@functools.cache
def _meaning(file: Path) -> bytes:
    """A data file without its comments."""
    content = file.read_bytes()
    if file.suffix == ".jinja":
        return re.sub(rb"\{#.*?#\}\s*", b"", content, flags=re.DOTALL)
    if file.suffix == ".tsv":
        return b"\n".join(line for line in content.splitlines() if not line.startswith(b"#"))
    return content
