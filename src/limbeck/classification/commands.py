"""``limbeck classify TASK LANGUAGE``: label texts with a classifier that the workflow built."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from limbeck.classification import kinds
from limbeck.errors import UserError
from limbeck.languages import resolve


def add_to(commands: Any) -> None:
    """Add the command to the subparsers of ``limbeck``."""
    parser = commands.add_parser("classify", help=classify.__doc__, description=__doc__)
    parser.add_argument("task", help="a task's name, such as sentiment")
    parser.add_argument("language", help="a name or code")
    parser.add_argument("--classifier", help="its name in the config; linear if it is there")
    parser.add_argument("--results", default="results", help="the folder of the build")
    parser.add_argument(
        "--json", action="store_true", help="a JSON object a line, not label + text"
    )
    parser.set_defaults(run=classify)


def classify(options: argparse.Namespace) -> int:
    """Label the lines of standard input."""
    folder = _folder(options)
    if sys.stdin.isatty():
        print("a text a line; Ctrl-D ends", file=sys.stderr)
    try:
        texts = [line.strip() for line in sys.stdin if line.strip()]
    except UnicodeDecodeError as error:
        raise UserError(f"classify: the texts are no UTF-8 ({error.reason})") from None
    if not texts:
        raise UserError("classify: no text came in; one a line is wanted on standard input")
    model = kinds.load(folder)
    for text, label in zip(texts, model.predict(texts), strict=True):
        if options.json:
            print(json.dumps({"label": label, "text": text}, ensure_ascii=False))
        else:
            print(f"{label or '-'}\t{text}")
    return 0


def _folder(options: argparse.Namespace) -> Path:
    """The model's folder. Names go into a path only if they are there."""
    language = resolve(options.language)
    built: Path = Path(options.results) / language.code / "classification"
    tasks = _names(built)
    if not tasks:
        raise UserError(
            f"classify: {built}: nothing was built there for {language.name}; the workflow builds "
            "it: snakemake --cores all classification"
        )
    if options.task not in tasks:
        raise UserError(
            f"classify: no classifier for {options.task!r} in {built}, only for {', '.join(tasks)}"
        )
    there = [
        name
        for name in _names(built / options.task)
        if (built / options.task / name / "model" / kinds.CARD).is_file()
    ]
    default = "linear" if "linear" in there else next(iter(there), "linear")
    name: str = options.classifier or default
    if name not in there:
        raise UserError(
            f"classify: no classifier {name!r} in {built / options.task}; "
            f"there are: {', '.join(there) or 'none'}"
        )
    return built / str(options.task) / name / "model"


def _names(folder: Path) -> list[str]:
    return (
        sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    )
