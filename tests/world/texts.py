"""Sentences of the stand-in world: real ones of each language, from the test data or from here.

Corpora and the teacher take theirs from other sources than the benchmarks, which are FLORES and
SIB-200: a filter removes what is in both.
"""

import csv
import gzip
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import real_texts

TESTED = 60  # texts of a classification's test

# Where the teacher's and the corpus' sentences of a language are in the test data.
_NEWS = {"kin_Latn": "kin", "yor_Latn": "yor", "amh_Ethi": "amh", "swh_Latn": "swa"}
_TREEBANKS = {"cym_Latn": "UD_Welsh-CCG", "fao_Latn": "UD_Faroese-OFT"}

# C. Iulius Caesar, De bello Gallico, I 1-3: a language that no benchmark has.
_LATIN = Path(__file__).with_name("latin.txt")

LANGUAGES = {
    "kin_Latn": "Kinyarwanda",
    "yor_Latn": "Yoruba",
    "amh_Ethi": "Amharic",
    "swh_Latn": "Swahili",
    "cym_Latn": "Welsh",
    "fao_Latn": "Faroese",
    "lat_Latn": "Latin",
    "eng_Latn": "English",
}


@cache
def sentences(code: str) -> tuple[str, ...]:
    """Sentences of a language that are in no benchmark, in a fixed order, none twice."""
    return tuple(dict.fromkeys(line for line in _lines(code) if 20 < len(line) < 300))


def _lines(code: str) -> Sequence[str]:
    if code == "lat_Latn":
        return _LATIN.read_text("utf-8").splitlines()
    if code == "eng_Latn":
        return [line for row in real_texts.dolly()[:600] for line in row["response"].splitlines()]
    folder = real_texts.folder()
    if code in _NEWS:
        with gzip.open(folder / f"mono_news/{_NEWS[code]}.txt.gz", "rt", encoding="utf-8") as file:
            return [line.strip() for line in file][:2000]
    path = next((folder / "ud" / _TREEBANKS[code]).glob("*-test.conllu.gz"))
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return re.findall(r"^# text = (.+)$", file.read(), re.M)


@cache
def flores(code: str, split: str) -> tuple[str, ...]:
    """Aligned sentences of FLORES, the shortest: a model of random weights writes long answers.

    The next longer ones of devtest stand for dev, which the test data lacks.
    """
    english, own = real_texts.flores("eng_Latn"), real_texts.flores(code)
    shortest = sorted(range(len(english)), key=lambda number: len(english[number]))
    chosen = shortest[120:240] if split == "dev" else shortest[:120]
    return tuple(own[number] for number in chosen)


@cache
def topics(code: str, split: str) -> tuple[dict[str, str], ...]:
    """The rows of SIB-200 in a language; of the test few, as all are classified."""
    name = {"validation": "dev"}.get(split, split)
    path = real_texts.folder() / f"sib200/{code}/{name}.tsv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file, delimiter="\t"))[: TESTED if split == "test" else 200]


@cache
def labelled(task: str, code: str, split: str) -> tuple[tuple[str, str], ...]:
    """Texts of people with their labels, in a two-letter code, as (text, label); few of a test."""
    part = {"train": "train_human_parsed", "synthetic": "train_full"}.get(split, "test")
    path = real_texts.folder() / f"kinit_intent_topic_sentiment/{task}/{code}-{part}.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        found = tuple(
            (row["text"], row.get("intent") or row["label"]) for row in csv.DictReader(file)
        )
    return found[:TESTED] if split == "test" else found
