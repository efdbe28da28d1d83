"""Rows that the last run, or its rehearsal, has made of the same sources as a config names."""

from collections.abc import Sequence
from pathlib import Path

from limbeck import files
from limbeck.config import DATA_SETS, Config
from limbeck.costs.measured import REHEARSAL, builds
from limbeck.costs.pretend import by_line
from limbeck.files import Row

SOURCE = ("source", "name", "revision", "split")  # what tells one corpus from another


def of_the_same(settings: Config, section: str, *keys: str) -> list[Path]:
    """The folders of what was last made where a section of the config had these keys' values."""
    wanted = getattr(settings, section).model_dump(mode="json", include=set(keys))
    return [
        place
        for place, config in builds()
        if all((config.get(section) or {}).get(key, wanted[key]) == wanted[key] for key in keys)
    ]


def of_the_same_items(settings: Config, name: str) -> list[Path]:
    """The folders of what was last made where a benchmark's items came from the same place."""
    section = settings.benchmarks
    own = section.custom.get(name)

    def same(config: Row) -> bool:
        there = config.get("benchmarks") or {}
        if own:
            return bool((there.get("custom") or {}).get(name, {}).get("test") == own.test)
        data_set = DATA_SETS[name]
        return bool((there.get("sources") or {}).get(data_set) == section.sources[data_set])

    return [place for place, config in builds() if same(config)]


def pair(places: Sequence[Path], folder: Path, *names: str) -> tuple[list[Row], list[Row]] | None:
    """The rows of two files of a language's folder, from the first place where both are."""
    for place in places:
        paths = [place / "results" / folder / f"{name}.jsonl" for name in names]
        if all(path.is_file() for path in paths):
            one, other = (list(files.read_jsonl(path)) for path in paths)
            return one, other
    return None


def filled(settings: Config, path: str, section: str, assumed: Row) -> list[Row]:
    """The rows of a file that a run or a rehearsal has made, filled up with copies of them.

    No copy is equal to another: equal questions are asked once. Where a rehearsal, which samples
    as much as the whole, came to the end of the corpus, there is no more to come.
    """
    limit = getattr(settings, section).limit
    places = of_the_same(settings, section, *SOURCE)
    found = next((place for place in places if (place / path).is_file()), None)
    rows = [] if found is None else list(files.read_jsonl(found / path))[:limit]
    if found == REHEARSAL:
        asked = dict(builds())[REHEARSAL][section]["limit"]
        limit = len(rows) if len(rows) < min(limit, asked) else limit
    known = rows or [assumed]
    return [*rows, *(copied(known[n % len(known)], n) for n in range(len(rows), limit))]


def chosen(settings: Config, code: str, name: str, count: int) -> list[Row]:
    """So many sentences or passages as were chosen from the corpus; none where none were.

    From more texts, or fewer, others are chosen: as large a part stays as there are texts in both.
    Copies, which no journal knows, stand for the rest, and for what is wanted beside. (Benchmarks
    that are held out take few away.)
    """
    path = f"results/{code}/{name}.jsonl"
    places = of_the_same(settings, "texts", *SOURCE)
    found = next((place for place in places if (place / path).is_file()), None)
    rows = [] if found is None else list(files.read_jsonl(found / path))
    if found is None or not rows:
        return []
    told = dict(builds())[found]
    stays = _in_common(told, settings)
    if stays == 1.0 and count <= _wanted(told, name):
        return rows[:count]
    kept = rows[: round(stays * count)]
    return [*kept, *(copied(rows[n % len(rows)], n) for n in range(len(kept), count))]


def _in_common(told: Row, settings: Config) -> float:
    """The share of a config's texts that a run of the same corpus has read, too."""
    now, before = settings.texts, told.get("texts") or {}
    seed, words = told.get("seed", settings.seed), before.get("max_words", now.max_words)
    fewer, more = sorted((before.get("limit", now.limit), now.limit))
    same = (seed, words) == (settings.seed, now.max_words)
    return float(fewer / more) if same and more else 0.0


def _wanted(told: Row, name: str) -> int:
    """How many sentences or passages a run was told to choose."""
    if name == "examples":
        return int((told.get("generation") or {}).get("examples", 0))
    mixtures = ((body or {}).get("mixture", {}) for body in (told.get("students") or {}).values())
    return max((mixture.get("backtranslations", 0) for mixture in mixtures), default=0)


def copied(row: Row, number: int) -> Row:
    """The row with another number at each line: equal lines are learned once."""

    def other(text: str) -> str:
        return by_line(text, lambda line: f"{line} {number}")

    name = f"{row['id']} {number}"
    if "messages" not in row:
        return {**row, "id": name, "text": other(row["text"])}
    turns = [{**turn, "content": other(turn["content"])} for turn in row["messages"]]
    return {**row, "id": name, "messages": turns}
