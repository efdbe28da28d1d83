"""The commands ``limbeck score`` and ``limbeck compare``: the same scores outside a build."""

import argparse
import os
from pathlib import Path
from typing import Any

import yaml

from limbeck.config import (
    BUILTIN,
    DATA_SETS,
    HUB,
    LIST,
    Custom,
    LanguageFilter,
    data_sets,
    load,
)
from limbeck.config.options import add_config, config_of, merged
from limbeck.errors import UserError
from limbeck.files import Row, write_json, write_parquet
from limbeck.languages import resolve
from limbeck.models.protocol import Model

_ROOT = Path(__file__).parents[3]  # where config/ is


def add_to(commands: Any) -> None:
    """Add both commands to the subparsers of ``limbeck``."""
    words = "Score translations (HYPOTHESES REFERENCES), or a model on a benchmark (--model)."
    parser = commands.add_parser("score", help=words, description=words)
    add = parser.add_argument
    add("files", nargs="*", type=Path, metavar="FILE", help="hypotheses, references: a line each")
    add("--model", help="a checkpoint's folder, a .gguf file, a name of the hub, an endpoint's URL")
    add("--benchmark", help="what the model is scored on: " + ", ".join(DATA_SETS))
    add_config(parser)
    add("--called", metavar="NAME", help="the endpoint's own name of the model")
    add("--api-key-env", metavar="VARIABLE", help="the environment variable that holds its key")
    add("--language", help="a name or code")
    add("--local", default=HUB, help="its folder in the published format, or 'builtin'")
    add("--shots", type=int, default=3, help="worked examples before each item")
    add("--limit", type=int, default=1_000_000, help="items, at most")
    add("--max-tokens", type=int, default=256, help="of a generated answer")
    add("--choose-by", choices=["likelihood", "generation"], default="likelihood")
    add("--options", choices=["letters", "whole"], default="letters", help="what names an option")
    add("--prompts", choices=["english", "own"], default="english", help="language of the prompts")
    add("--thinking", action="store_true", help="reason before the answer")
    add("--thinking-tokens", type=int, default=1024, help="of the reasoning")
    add("--identify", metavar="MODEL", help="py3langid or a fastText model: right-language rate")
    add("--seed", type=int, default=1, help="of samples and intervals")
    add("--batch", type=int, default=16, help="items at once")
    add("--threads", type=int, default=os.cpu_count() or 1, help="of the processor")
    add("--work", type=Path, default=Path("work"), help="where answers are kept")
    add("--output", type=Path, help="write the score here (.json), and the items beside it")
    parser.set_defaults(run=score)

    words = "Compare two scores on the same items by a paired bootstrap."
    parser = commands.add_parser("compare", help=words, description=words)
    parser.add_argument("first", type=Path, help="a score (JSON), its items beside it")
    parser.add_argument("second", type=Path, help="another")
    parser.set_defaults(run=compare)


def score(options: argparse.Namespace) -> int:
    """Score two text files, or a model."""
    if options.model is None and len(options.files) == 2:
        return _score_files(options.files[0], options.files[1], options.seed, options.output)
    missing = [
        name for name in ("model", "benchmark", "language") if getattr(options, name) is None
    ]
    if options.files or missing:
        raise UserError(
            "score: HYPOTHESES REFERENCES are wanted, or --model, --benchmark and --language"
        )
    return _score_model(options)


def _score_files(hypotheses: Path, references: Path, seed: int, output: Path | None) -> int:
    from limbeck.evaluation import figures, reading

    lines = [reading.lines(path) for path in (hypotheses, references)]
    if len(lines[0]) != len(lines[1]):
        raise UserError(
            f"score: {hypotheses} has {len(lines[0])} lines and {references} {len(lines[1])}"
        )
    found, _ = figures.of_translations(lines[0], lines[1], seed)
    low, high = found["interval"]
    print(f"chrF++\t{found['value']:.2f} [{low:.2f}, {high:.2f}]\t{found['signature']}")
    for name, value in found["metrics"].items():
        if value is not None:
            print(f"{name}\t{value:.2f}")
    print(f"lines\t{len(lines[0])}")
    if output is not None:
        write_json(output, {**found, "n": len(lines[0])})
    return 0


def _score_model(options: argparse.Namespace) -> int:
    from limbeck.evaluation import catalogue, prepare
    from limbeck.evaluation import score as stage
    from limbeck.evaluation.answers import Kept
    from limbeck.evaluation.compare import items_beside
    from limbeck.evaluation.questions import Settings, questions

    beside = items_beside(options.output) if options.output else None
    card: Row = dict(resolve(options.language).card())
    given = options.configfile or options.config or _is_url(options.model)
    config = config_of(options.configfile, options.config) if given else {}
    own = _custom(config, options.benchmark)
    benchmark = catalogue.find(options.benchmark, own)
    _check_thinking(options, benchmark.choice)
    entry = None if own else data_sets(_ROOT / LIST)[DATA_SETS[benchmark.name]]
    items = prepare.Settings(
        source=options.local, seed=options.seed, hub=entry, custom=own, examples=options.shots > 0
    )
    test, shots = prepare.rows(benchmark, card, items)
    keys = (
        "shots",
        "limit",
        "max_tokens",
        "choose_by",
        "options",
        "prompts",
        "thinking",
        "seed",
        "thinking_tokens",
    )
    said = {key: getattr(options, key) for key in keys}
    described = own or entry
    assert described is not None
    settings = Settings(
        version=described.version, custom=own, language=_identifier(options.identify),
        thinking_prompt=_thinking_prompt(options), **said,
    )  # fmt: skip
    texts = catalogue.load_instructions(_prompts(options.prompts, str(card["code"])))
    asked = questions(benchmark, test, shots, texts, card, settings)
    model, name = _model(options, config, f"{card['code']}/score-{benchmark.name}.jsonl")
    kept = Kept(options.work / "answers" / str(card["code"]) / f"{benchmark.name}.jsonl")
    result, rows, seconds = stage.score(asked, model, name, card, settings, kept)
    if entry is not None and options.local != BUILTIN:
        result |= {"licence": entry.licence, "citation": entry.citation}
    print(stage.summary(result, seconds))
    print(result["signature"])
    if beside is not None:
        write_parquet(beside, rows, stage.items_schema())
        write_json(options.output, result)
    return 0


def _is_url(model: str) -> bool:
    return model.startswith(("http://", "https://"))


def _custom(config: dict[str, Any], name: str) -> Custom | None:
    """A benchmark of the user's own; None for a published one."""
    described = load(config).benchmarks.custom if config else {}
    if name not in described and name not in DATA_SETS:
        allowed = ", ".join([*DATA_SETS, *described])
        raise UserError(
            f"score: --benchmark {name}: unknown; allowed: {allowed} (those of your own stand "
            "under benchmarks.custom of a --configfile)"
        )
    return described.get(name)


def _model(options: argparse.Namespace, config: dict[str, Any], journal: str) -> tuple[Model, str]:
    """The model, and what its score calls it: no path of this machine."""
    from limbeck.evaluation.score import called
    from limbeck.models import TEACHER, open_model

    speed = (options.batch, options.threads)
    if not _is_url(options.model):
        return open_model(options.model, *speed), called(options.model)
    if options.called is None:
        raise UserError("score: an endpoint's --model wants --called, its own name of the model")
    # Asked as a build's teacher is when it is scored, and with the same journal.
    judge = {"url": options.model, "model": options.called, "api_key_env": options.api_key_env}
    wanted = load(merged(config, {"teacher": {"judge": judge}}))
    reached = (wanted.teacher.role("judge").settings(None), wanted.connection("judge"))
    opened = open_model(TEACHER, *speed, *reached, options.work / "journal" / journal)
    return opened, str(options.called)


def _check_thinking(options: argparse.Namespace, choice: bool) -> None:
    by_likelihood = choice and options.choose_by == "likelihood"
    if options.thinking and by_likelihood and not _is_url(options.model):  # which always generates
        raise UserError(
            "score: --thinking: an option's likelihood has no thought before it; "
            "--choose-by generation goes with thinking"
        )


def _thinking_prompt(options: argparse.Namespace) -> str | None:
    """What asks a student to think: the system prompt of its training; of an endpoint nothing."""
    if not options.thinking or _is_url(options.model):
        return None
    path = _ROOT / "config" / "prompts" / "dataset.yaml"
    return str(yaml.safe_load(path.read_text(encoding="utf-8"))["thinking"])


def _identifier(model: str | None) -> LanguageFilter:
    """The default config's, with another model."""
    default = yaml.safe_load((_ROOT / "config" / "config.yaml").read_text(encoding="utf-8"))
    return LanguageFilter.model_validate({**default["filters"]["language"], "model": model})


def _prompts(language: str, code: str) -> Path:
    folder = _ROOT / "config" / "prompts"
    own = folder / "benchmarks" / f"{code}.yaml"
    return own if language == "own" and own.is_file() else folder / "benchmarks.yaml"


def compare(options: argparse.Namespace) -> int:
    """Compare two scores."""
    from limbeck.evaluation import compare as room

    print(room.sentence(room.compare(room.load(options.first), room.load(options.second))))
    return 0
