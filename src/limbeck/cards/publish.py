"""``limbeck publish [LANGUAGE] --to OWNER``: upload data sets and models with their cards.

It says what would go where and uploads nothing, until ``--yes`` is given. Weights and rows of an
earlier build that this one lacks are removed. The token comes from the environment variable
HF_TOKEN and goes nowhere else.
"""

import argparse
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from limbeck.cards import common
from limbeck.errors import UserError
from limbeck.languages import resolve
from limbeck.report import names

TOKEN = "HF_TOKEN"
MESSAGE = "Upload what Limbeck built"
# What a build writes under names that the next one may not have: transformers takes one file of
# weights before the index of several.
OURS = re.compile(
    r"[^/]+\.(safetensors|safetensors\.index\.json|gguf)|[^/]+/(train|validation)\.parquet"
)


@dataclass(frozen=True, slots=True)
class Repository:
    """What goes into a repository of the Hub: a card, and files by their paths in it."""

    name: str
    kind: Literal["dataset", "model"]
    card: str
    files: dict[str, Path]

    @property
    def size(self) -> int:
        """Bytes, the card among them."""
        return len(self.card.encode()) + sum(path.stat().st_size for path in self.files.values())


def add_to(commands: Any) -> None:
    """Add the command to the subparsers of ``limbeck``."""
    parser = commands.add_parser("publish", help=publish.__doc__, description=__doc__)
    parser.add_argument("language", nargs="?", help="a name or code; all that were built without")
    parser.add_argument("--to", required=True, metavar="OWNER", help="a user or organisation")
    parser.add_argument("--student", help="its name in the config; all that were built without")
    parser.add_argument("--results", default="results", help="the folder of the build")
    parser.add_argument("--yes", action="store_true", help="upload")
    parser.set_defaults(run=publish)


def publish(options: argparse.Namespace) -> int:
    """Upload data sets and models to the Hub, with their cards."""
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", options.to):
        raise UserError(f"publish: --to {options.to!r} is no name of a user or organisation")
    results = Path(options.results)
    repositories = [
        repository
        for code in _codes(results, options.language)
        for repository in plan(results / code, options.to, options.student)
    ]
    token = os.environ.get(TOKEN)
    for repository in repositories:
        print("\n".join([*_lines(repository), *_removals(repository, token)]))
    total = names.size(sum(repository.size for repository in repositories))
    if not options.yes:
        print(f"\n{total} in {len(repositories)} repositories. Nothing is uploaded without --yes.")
        return 0
    if not token:
        raise UserError(f"publish: the environment variable {TOKEN} is not set; it holds the token")
    print()
    for repository in repositories:
        print(upload(repository, token))
    return 0


def _codes(results: Path, language: str | None) -> list[str]:
    """The languages of the build, or the one that is named."""
    built = sorted(path.parent.name for path in results.glob("*/dataset_card.md"))
    if language is None:
        if not built:
            raise UserError(f"{results}: nothing is there to publish (*/dataset_card.md)")
        return built
    code = resolve(language).code
    if code not in built:
        there = f"there is {', '.join(built)}" if built else "nor anything else"
        raise UserError(f"publish: {results / code}/dataset_card.md is not there, {there}")
    return [code]


def plan(folder: Path, owner: str, student: str | None = None) -> list[Repository]:
    """The repositories of a language: its data set, and a model for each student.

    Raises:
        UserError: a file that a card speaks of is missing, or there is no such student.
    """
    card = _card(folder / "dataset_card.md", owner, "dataset")
    students = _students(card)
    if student is not None and student not in students:
        raise UserError(f"publish: no student {student!r} in {folder}, only {', '.join(students)}")
    data = {"rows.parquet": folder / "rows.parquet"}
    for name in students:
        for split in ("train", "validation"):
            data[f"{name}/{split}.parquet"] = folder / name / f"{split}.parquet"
    address = f"{owner}/{common.dataset_repository(folder.name)}"
    repositories = [Repository(address, "dataset", card, data)]
    for name in [student] if student else students:
        card = _card(folder / name / "model_card.md", owner, "model")
        address = f"{owner}/{common.model_repository(folder.name, name)}"
        repositories.append(
            Repository(address, "model", card, dict(_model_files(folder, name, card)))
        )
    needed = [path for repository in repositories for path in repository.files.values()]
    if missing := [str(path) for path in needed if not path.is_file()]:
        raise UserError(f"publish: {', '.join(missing)}: there is no such file; build it first")
    return repositories


def _students(card: str) -> list[str]:
    """The students whose training sets a data set's card lists."""
    from huggingface_hub import DatasetCard

    names = [part["config_name"] for part in DatasetCard(card).data.to_dict()["configs"]]
    return [name for name in names if name != common.ROWS]


def _model_files(folder: Path, student: str, card: str) -> Iterator[tuple[str, Path]]:
    checkpoint = folder / student / "checkpoint"
    yield "config.json", checkpoint / "config.json"
    for path in sorted(checkpoint.glob("*")):
        if path.is_file() and not path.name.startswith(".") and path.name != "README.md":
            yield path.name, path
    for path in sorted((folder / student / "gguf").glob("*.gguf")):
        name = common.gguf_name(folder.name, student, path.stem)
        if name in card:  # one that is not is of an earlier build
            yield name, path


def _card(path: Path, owner: str, kind: str) -> str:
    """A card with the owner's name filled in."""
    if not path.is_file():
        raise UserError(f"publish: {path}: there is no such file; build it first")
    text = path.read_text(encoding="utf-8").replace(f"{common.OWNER}/", f"{owner}/")
    common.check(path, text, kind)
    return text


def _lines(repository: Repository) -> Iterator[str]:
    kind = "data set" if repository.kind == "dataset" else "model"
    yield f"{kind} {repository.name}: {names.size(repository.size)}, for all to see"
    if f"license_name: {common.OF_THE_BASE}\n" in repository.card:
        yield "  no licence is stated: that of the base applies, unless gguf.license states one"
    card = names.size(len(repository.card.encode()))
    yield f"  {card:>10}  README.md, in place of the one that is there"
    for name, path in repository.files.items():
        yield f"  {names.size(path.stat().st_size):>10}  {name}  ({path})"


def _removals(repository: Repository, token: str | None) -> Iterator[str]:
    try:
        for name in outdated(repository, token):
            yield f"  {'removed':>10}  {name}, of an earlier build"
    except UserError as error:
        yield f"  whether anything is removed is not known: {error}"


def outdated(repository: Repository, token: str | None) -> list[str]:
    """Weights and rows that the Hub has of an earlier build, and that are no part of this one.

    Raises:
        UserError: the Hub refuses to say, or is not there.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import RepositoryNotFoundError

    with _asking(repository, "not asked"):
        try:
            there = HfApi(token=token).list_repo_files(repository.name, repo_type=repository.kind)
        except RepositoryNotFoundError:
            return []
    return sorted(name for name in there if OURS.fullmatch(name) and name not in repository.files)


def upload(repository: Repository, token: str) -> str:
    """Upload a repository in one commit; a line that says where it is.

    Files that the Hub has already are not sent again.

    Raises:
        UserError: the Hub refuses it, or is not there.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

    api = HfApi(token=token)
    operations: list[Any] = [CommitOperationAdd("README.md", repository.card.encode())]
    operations += [CommitOperationAdd(name, path) for name, path in repository.files.items()]
    with _asking(repository, "not uploaded"):
        api.create_repo(repository.name, repo_type=repository.kind, exist_ok=True)
        operations += [CommitOperationDelete(name) for name in outdated(repository, token)]
        commit = api.create_commit(
            repository.name, operations, commit_message=MESSAGE, repo_type=repository.kind
        )
    return f"{repository.name} is at {commit.commit_url}"


@contextmanager
def _asking(repository: Repository, failed: str) -> Iterator[None]:
    """Say in one line what the Hub refused."""
    import httpx
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    try:
        yield
    except (HfHubHTTPError, OfflineModeIsEnabled, httpx.HTTPError, OSError, ValueError) as error:
        said = next(iter(str(error).splitlines()), type(error).__name__)
        raise UserError(f"publish: {repository.name}: {failed} ({said})") from None
