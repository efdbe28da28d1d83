"""Digests of source code: a stage is stale when code that decides its result was edited.

Snakemake does not look into the modules that a rule's command imports, so each rule has the digest
of its stage's modules as a param.
"""

import ast
import functools
import hashlib
from collections.abc import Iterator
from pathlib import Path

from limbeck.errors import UserError

_PACKAGE = Path(__file__).parents[1]

# Modules that carry settings, rows and replies from one place to another and decide none of their
# content: an edit of these makes no artefact stale.
_PLUMBING = frozenset(
    f"limbeck.{name}"
    for name in (
        "errors",
        "files",
        "files.artefacts",
        "files.outside",
        "languages",
        "languages.names",
        "languages.tags",
        "languages.variety",
        "stage",
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


@functools.cache
def source_digest(*modules: str) -> str:
    """12 hexadecimal digits for the code of modules and of all that they import from here.

    Comments, docstrings and layout do not count: only an edit that can change a result makes an
    artefact stale. Data files beside the modules count.
    """
    seen: set[str] = set()
    todo = list(modules)
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        todo.extend(_local_imports(name))
    seen = {name for name in seen if name in modules or not _is_plumbing(name)}
    content = hashlib.sha256()
    for name in sorted(seen):
        content.update(_code(name).encode())
    for file in sorted({file for name in seen for file in _data_files(name)}):
        content.update(file.name.encode() + file.read_bytes())
    return content.hexdigest()[:12]


def _is_plumbing(module: str) -> bool:
    return module in _PLUMBING or module.startswith("limbeck.config")


def _path(module: str) -> Path | None:
    base = _PACKAGE.joinpath(*module.split(".")[1:])
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return path
    return None


def _tree(module: str) -> ast.Module:
    path = _path(module)
    if path is None:
        raise UserError(f"{module}: there is no such module")
    return ast.parse(path.read_text(encoding="utf-8"))


@functools.cache
def _local_imports(module: str) -> tuple[str, ...]:
    names: list[str] = []
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(name for name in names if name.startswith("limbeck.") and _path(name))


@functools.cache
def _code(module: str) -> str:
    tree = _tree(module)
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    for node in ast.walk(tree):
        if isinstance(node, documented) and ast.get_docstring(node) is not None:
            node.body[0] = ast.Pass()
    return ast.unparse(tree)


def _data_files(module: str) -> Iterator[Path]:
    path = _path(module)
    # The table of languages is the names' alone.
    if path is None or path.parent == _PACKAGE or module == "limbeck.languages.scripts":
        return
    for folder in (path.parent, path.parent / "data"):
        if folder.is_dir():
            yield from (
                file
                for file in folder.iterdir()
                if file.is_file() and file.suffix not in {".py", ".pyc", ".typed"}
            )
