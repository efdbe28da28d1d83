"""People's commands: init, languages, chat, and those of the rooms."""

import argparse
import io
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import get_args

from limbeck import stage
from limbeck.assessment import commands as assessment
from limbeck.cards import publish
from limbeck.classification import commands as classification
from limbeck.classification import tasks
from limbeck.config import Role
from limbeck.config.options import add_config
from limbeck.costs import commands as costs
from limbeck.errors import UserError
from limbeck.evaluation import commands as evaluation
from limbeck.languages import Language, covered, resolve, search
from limbeck.raters import commands as raters
from limbeck.rehearsal import commands as rehearsal
from limbeck.workflow import commands as workflow
from limbeck.workflow.options import build_of

REPOSITORY = Path(__file__).parents[2]


def languages(options: argparse.Namespace) -> int:
    """Show the table of languages and what covers them, or the code of one."""
    if options.resolve is not None:
        try:
            print(resolve(options.resolve).code)
        except UserError as error:
            print(error, file=sys.stderr)
            return 2
        return 0
    found = search(options.filter) or [resolve(options.filter)]
    head = ("CODE", "NAME", " ".join(COLUMNS), "ENDONYM")
    print(_table([head, *map(_line, found)]))
    return 0


# How the table of languages heads what covers them.
COLUMNS = {
    "FLO": "flores",
    "SIB": "sib200",
    "BEL": "belebele",
    "MMLU": "global_mmlu",
    "LITE": "global_mmlu_lite",
    "MAS": "massive",
    "FW2": "fineweb2",
    "LID": "glotlid",
}


def _line(language: Language) -> tuple[str, ...]:
    # The label of a language outside the table is only likely.
    mark = "x" if language in search("") else "?"
    cells = [
        (mark if covered(language, name) else "-").center(len(head))
        for head, name in COLUMNS.items()
    ]
    return (language.code, language.name, " ".join(cells), language.endonym)


def _table(rows: list[tuple[str, ...]]) -> str:
    from rich.cells import cell_len

    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = (
            cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)
        )
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def init(options: argparse.Namespace) -> int:
    """Write a config file for a language, or the file of a classification task."""
    if options.task is not None:
        path = tasks.start(options.task, Path(options.directory) / tasks.FOLDER)
        print(
            f"{path} is written. Fill it in, then name it in your config:\n\n"
            f"    classification: {{tasks: [{options.task}], data: task}}"
        )
        return 0
    language = resolve(options.language)
    preset: str = options.preset
    if preset == "demo" and language.code != "swh_Latn":
        raise UserError(
            f"init: the demo's built-in teacher writes Swahili only, not {language.name}; "
            "--preset full has a real one"
        )
    path = Path(options.directory) / "my.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    named = _seen_from_repository(path)
    text = _head(language) + (_DEMO if preset == "demo" else _preset(preset, named))
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UserError(f"{path}: exists already and is left as it is") from None
    print(f"{path} is written. Read it, then, in {_repository()}:\n")
    if preset != "demo":
        print("    export OPENROUTER_API_KEY=...")
        print(f"    limbeck doctor --configfile {named}")
    print(f"    snakemake --cores all --configfile {named}")
    return 0


def _repository() -> Path:
    """The folder with the Snakefile: here, or where this package's source is."""
    here = Path.cwd()
    if (here / "Snakefile").is_file() and (here / "config/config.yaml").is_file():
        return here
    return REPOSITORY


def _seen_from_repository(path: Path) -> str:
    absolute = path.resolve()
    repository = _repository().resolve()
    return str(absolute.relative_to(repository) if repository in absolute.parents else absolute)


def _head(language: Language) -> str:
    return (
        f"# {language.name} ({language.endonym}), {language.script_name} script.\n"
        "#\n"
        "# Only what differs from config/config.yaml, where the keys are explained.\n\n"
        f"languages: [{language.code}]\n\n"
    )


_DEMO = """\
# The teacher is the built-in phrasebook, a demonstrator that writes simple Swahili. For a real
# one, a model behind an OpenAI-compatible endpoint:
#
# teacher:
#   generator:
#     model: openai/gpt-oss-120b
#     server: null
#     url: https://openrouter.ai/api/v1
#     api_key_env: OPENROUTER_API_KEY   # the variable's name, not the key

# Students stand beside each other; each is a base, a data mixture and a method.
students:
  tiny: {} # such as {training: {epochs: 2.0}}
"""


def _preset(name: str, path: str) -> str:
    """A shipped preset, whose heading names the file ``path`` instead."""
    preset = f"config/presets/{name}.yaml"
    file = _repository() / preset
    if not file.is_file():
        raise UserError(f"{file}: the preset is not there; run this in the repository")
    text = file.read_text(encoding="utf-8").replace(preset, path)
    return re.sub(r" --config 'languages=\[.*?\]'", "", text)


def chat(options: argparse.Namespace) -> int:
    """Talk with a student."""
    from limbeck.chat import terminal as room

    path = room.find_model(
        Path(options.results), options.language, options.student, options.quantization
    )
    room.run(path, options.think)
    return 0


def serve(options: argparse.Namespace) -> int:
    """Serve a local teacher of the config to all machines of a cluster, until it is ended."""
    from limbeck.teacher.service import serve
    from limbeck.workflow.settings import decisive

    build = build_of(options.configfile, options.config)
    role = build.config.teacher.role(options.role)
    teachers = [decisive(role, language) for language in build.languages]
    if len({teacher.model for teacher in teachers}) > 1:
        raise UserError(
            f"teacher.{options.role}: each language has a model of its own; name one language by "
            "--config 'languages=[...]'"
        )
    serve(teachers[0], build.config.reach(role), options.work)
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    whole = argparse.ArgumentParser(prog="limbeck", description=__doc__, allow_abbrev=False)
    commands = whole.add_subparsers(metavar="COMMAND", required=True)

    def command(run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        added = commands.add_parser(run.__name__, help=run.__doc__, description=run.__doc__)
        added.set_defaults(run=run)
        return added

    table = command(languages)
    table.epilog = "Covered (x) by " + ", ".join(f"{head}: {COLUMNS[head]}" for head in COLUMNS)
    table.add_argument("filter", nargs="?", default="", help="part of a name, a code or a script")
    table.add_argument("--resolve", metavar="NAME", help="print the code of one language")
    start = command(init)
    start.add_argument("directory", nargs="?", default=".", help="where my.yaml is written")
    what = start.add_mutually_exclusive_group(required=True)
    what.add_argument("--language", help="a name or code")
    what.add_argument("--task", metavar="NAME", help="write config/tasks/NAME.yaml instead")
    start.add_argument(
        "--preset", choices=["full", "kakugo", "demo"], default="full", help="what it starts from"
    )
    talk = command(chat)
    talk.add_argument("language", nargs="?", help="a name or code")
    talk.add_argument("--student", help="the student's name in the config")
    talk.add_argument("--quantization", help="F16, Q8_0, Q4_K_M ...; Q8_0 if it is there")
    talk.add_argument("--results", default="results", help="the folder of the build")
    talk.add_argument("--think", action="store_true", help="reason before the answer")
    rehearsal.add_to(commands)
    parts = costs.add_to(commands)
    assessment.add_to(parts)
    server = parts.add_parser("serve", help=serve.__doc__, description=serve.__doc__)
    add_config(server)
    server.add_argument("--role", choices=get_args(Role), default="generator")
    server.add_argument("--work", type=Path, default=Path("work"), help="the run's work folder")
    server.set_defaults(run=serve)
    classification.add_to(commands)
    publish.add_to(commands)
    workflow.add_to(commands)
    evaluation.add_to(commands)
    raters.add_to(commands)
    return whole


def main() -> None:
    """The console script."""

    def run() -> None:
        if isinstance(sys.stdout, io.TextIOWrapper):  # names of languages are in all scripts
            sys.stdout.reconfigure(errors="backslashreplace")
        options = parser().parse_args()
        code = options.run(options)
        sys.stdout.flush()
        sys.exit(code)

    stage.run(run)


if __name__ == "__main__":
    main()
