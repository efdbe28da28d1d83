"""Keep the teacher's rows that deserve to be trained on.

    python -m limbeck.dataset.filter_rows --generated responses.jsonl
        --translations translations.jsonl [--backtranslations backtranslations.jsonl]
        [--texts texts.jsonl] --held-out test.jsonl ...
        [--checks checks.jsonl] --language language.json --settings JSON --rows rows.parquet
        --removed removed.jsonl --funnel funnel.json

Every filter says how many rows came in, how many went out and why. The funnel keeps examples of
what was removed; `removed` names every removed row, its filter, why, and what was found in it.
Rows are read, filtered and written in a stream: a million of them need less than 1 GiB.
"""

import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Any

from limbeck import stage
from limbeck.config import Filters, Section, public
from limbeck.dataset import diversity
from limbeck.dataset.filters import duplicates, language_id, lengths, refusals, repetition, verdicts
from limbeck.dataset.filters.control_tokens import control_tokens
from limbeck.dataset.filters.copies import copied
from limbeck.dataset.filters.decontaminate import held_out
from limbeck.dataset.filters.empty import empty
from limbeck.dataset.filters.kept_tokens import invented_urls, kept
from limbeck.dataset.filters.script_share import script
from limbeck.dataset.funnel import Reason, Step, check_losses, failed, run
from limbeck.dataset.held_out import HeldOut
from limbeck.dataset.rows import from_response, from_text, from_translation, kept_schema
from limbeck.errors import UserError
from limbeck.files import (
    Row,
    atomic,
    digest,
    parquet_rows,
    read_json,
    read_jsonl,
    write_json,
    write_parquet,
)

_SAMPLE = 500  # prompts whose diversity is measured
_OTHERS = (
    "translation",
    "backtranslation",
    "text",
    "context",
)  # strategies without a prompt, or with a text in it

Record = Callable[[Row], object]


class Settings(Section):
    """What decides which rows are kept."""

    filters: Filters


def steps(
    settings: Filters,
    card: Row,
    benchmarks: HeldOut,
    identify: Step,
    usual: lengths.Bounds | None = None,
    judged: Iterable[Row] = (),
    measure: lengths.Measure = lengths.utf8,
) -> list[Step]:
    """The filters that are on, in their order; near duplicates come after them.

    Args:
        identify: of `language_step`.
        usual: lengths of translations that are usual in the language.
        judged: rows of the teacher's checks.
        measure: how long a text is.
    """
    bounds = lengths.Bounds(*settings.length_ratio)
    limits: dict[str, object] = {"bounds": bounds, "usual": usual}
    if settings.length_tokens:
        limits["tokens_of"] = public(settings.length_tokens)
    known = refusals.phrases(card["iso639_3"])
    latin = settings.romanised
    checked = verdicts.read(judged, settings.judge, settings.round_trip)
    wanted: list[tuple[str, Any, Any]] = [
        ("script", settings.script, lambda least: script(card["script"], least, latin)),
        ("refusals", settings.refusals, lambda first: said(refusals.refusal(known, first))),
        ("copied", settings.copied, copied),
        ("repeated", settings.repeated, repetition.repeated),
        ("compressed", settings.compressed, repetition.compressed),
        ("kept", settings.kept, kept),
        ("urls", settings.urls, lambda most: said(invented_urls(most))),
    ]  # fmt: skip
    chosen = [Step(name, make(to), to) for name, to, make in wanted if to is not None]
    for name, to, done in (
        ("judge", settings.judge or None, "judged"),
        ("round_trip", settings.round_trip, "translated back"),
    ):
        if to is not None:
            found = checked.get(name, verdicts.Checked())
            idle = "" if name in checked else f"generation.checks.{name} asked about no row"
            step = Step(name, verdicts.listed(found.faults), to, idle=idle, note=found.note(done))
            chosen.append(step)
    return [
        Step("failed", failed, bounded=True),
        Step("empty", empty, bounded=True),
        Step("length_ratio", lengths.length_ratio(bounds, usual, measure), limits, bounded=True),
        *chosen,
        identify,
        Step("held_out", held_out(benchmarks), settings.held_out.model_dump()),
        Step("duplicates", duplicates.exact_duplicate()),
        control_tokens(),
    ]


def said(reason: Callable[[Row], Reason]) -> Callable[[Row], Reason]:
    """A filter of what a teacher says: a text that is there has no prompt to answer."""
    return lambda row: None if row["strategy"] == "text" else reason(row)


def language_step(settings: Filters, card: Row) -> Step:
    """The filter by language; where it cannot run, or does not see a neighbour, it says so."""
    wanted = settings.language
    identifier = language_id.load(wanted)
    if identifier is None:
        return Step("language", _all_stay, idle="filters.language.model names no model")
    own = language_id.own_labels(identifier, card)
    if not own:
        idle = f"{wanted.model} does not know {card['name']}"
        return Step("language", _all_stay, wanted.model_dump(), idle=idle)
    unknown = language_id.unknown_neighbours(identifier, card)
    note = f"{wanted.model} does not know {unknown}, and lets it pass" if unknown else ""
    latin = language_id.romanised(identifier, card) if settings.romanised else None
    reason = language_id.language(identifier, own, wanted, latin)
    return Step("language", reason, wanted.model_dump(), note=note)


def _all_stay(_: Row) -> None:
    return None


class Source:
    """The teacher's rows and texts as they are, read as often as they are wanted."""

    def __init__(
        self,
        generated: Path | None,
        translations: Path | None,
        texts: Path | None = None,
        backtranslations: Path | None = None,
    ) -> None:
        forms = (
            (generated, from_response),
            (translations, from_translation),
            (texts, from_text),
            (backtranslations, from_translation),
        )
        self._parts = [(path, convert) for path, convert in forms if path]
        self._translations = translations
        self.written: Counter[str] = Counter()
        self._sample: list[tuple[str, str]] = []  # prompts by the digest of their ids

    def __str__(self) -> str:
        return ", ".join(str(path) for path, _ in self._parts)

    def rows(self) -> Iterator[Row]:
        """All rows in the kept form with their failure, counted by strategy."""
        for path, convert in self._parts:
            for raw in read_jsonl(path):
                row = convert(raw)
                by_way = f" by way of {raw['pivot']}" if raw.get("pivot") else ""
                stands_for = raw.get("lost") or 1  # a failure, for all that it costs
                self.written[row["strategy"] + by_way] += stands_for
                if row["strategy"] not in _OTHERS and not raw.get("failure"):
                    self._take(digest(row["id"]), raw["prompt"])
                yield {**row, "failure": raw.get("failure"), "stands_for": stands_for}

    def _take(self, key: str, prompt: str) -> None:
        """Hold the prompts of the smallest keys: a sample that is the same at every run."""
        self._sample.append((key, prompt))
        if len(self._sample) > 10 * _SAMPLE:
            self._sample = sorted(self._sample)[:_SAMPLE]

    def diversity(self) -> Row | None:
        """How different prompts are that came, of a sample, once all rows were read."""
        found = diversity.measured([prompt for _, prompt in sorted(self._sample)[:_SAMPLE]])
        return asdict(found) if found else None

    def translations(self) -> Iterator[Row]:
        """The translations alone."""
        yield from read_jsonl(self._translations) if self._translations else ()


def write_kept(rows: Iterable[Row], near: float | None, path: Path, record: Record) -> list[Step]:
    """Write the rows without near duplicates; the filter that removed these, if it is on.

    Which rows are near duplicates is known when all have been seen. Until then they are in a
    temporary file beside ``path``.
    """
    if near is None:
        write_parquet(path, rows, kept_schema())
        return []
    index = duplicates.NearDuplicates(near)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        spool = Path(folder) / "rows.parquet"
        write_parquet(spool, index.watch(rows), kept_schema())
        reason = duplicates.near_duplicate(index.found())
        step = Step("near_duplicates", reason, near, record=record)
        write_parquet(path, step.keep(parquet_rows(spool)), kept_schema())
    return [step]


def write(
    source: Source, funnel: list[Step], settings: Filters, rows: Path, removed: Path
) -> list[Step]:
    """Write the kept rows and the list of the removed ones; the whole funnel.

    Raises:
        UserError: too much is lost, or everything. Nothing is written then.
    """
    with (
        atomic(rows) as rows_file,
        atomic(removed) as list_file,
        list_file.open("w", encoding="utf-8") as file,
    ):

        def record(row: Row) -> None:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")

        for step in funnel:
            step.record = record
        kept = run(source.rows(), funnel)
        whole = funnel + write_kept(kept, settings.near_duplicates, rows_file, record)
        for step in whole:
            print(step)
        check_losses(whole, settings.max_lost)
        if not whole[-1].left:
            raise UserError(f"{source}: no row is left to train on")
    return whole


def main() -> None:
    """The stage."""
    parser = stage.parser(__doc__)
    parser.add_argument("--generated", type=Path, help="responses.jsonl, where there are any")
    parser.add_argument("--translations", type=Path, help="translations.jsonl, likewise")
    parser.add_argument("--backtranslations", type=Path, help="of sentences of the language")
    parser.add_argument("--texts", type=Path, help="texts that a student learns as they are")
    parser.add_argument("--held-out", type=Path, nargs="*", default=[])
    parser.add_argument("--checks", type=Path)
    parser.add_argument("--language", type=read_json, required=True, help="the language card")
    parser.add_argument("--settings", type=stage.json_option(Settings), required=True)
    parser.add_argument("--rows", type=Path, required=True)
    parser.add_argument("--removed", type=Path, required=True)
    parser.add_argument("--funnel", type=Path, required=True)
    options = parser.parse_args()
    settings: Filters = options.settings.filters

    held = chain.from_iterable(read_jsonl(path) for path in options.held_out)
    benchmarks = HeldOut(held, **settings.held_out.model_dump())
    source = Source(
        options.generated, options.translations, options.texts, options.backtranslations
    )
    measure: lengths.Measure = lengths.utf8
    if settings.length_tokens:
        from limbeck.dataset.filters import tokens

        measure = tokens.counter(settings.length_tokens)
    usual = lengths.band(source.translations(), settings.length_band, measure)
    identify = language_step(settings, options.language)
    judged = read_jsonl(options.checks) if options.checks else ()
    funnel = steps(settings, options.language, benchmarks, identify, usual, judged, measure)
    funnel = write(source, funnel, settings, options.rows, options.removed)
    write_json(
        options.funnel,
        {
            "strategies": [{"name": name, "rows": n} for name, n in source.written.items()],
            "filters": [step.report() for step in funnel],
            "rows": funnel[-1].left,
            "diversity": source.diversity(),
        },
    )


if __name__ == "__main__":
    stage.run(main)
