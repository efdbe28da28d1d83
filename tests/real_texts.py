"""Real sentences and rows that tests measure on; each skips with its reason where they are not."""

import csv
import gzip
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

# 48 languages in 30 scripts; the codes end with the script's.
LANGUAGES = [
    "amh_Ethi", "arb_Arab", "asm_Beng", "bel_Cyrl", "ben_Beng", "bod_Tibt", "ckb_Arab",
    "dzo_Tibt", "ell_Grek", "eng_Latn", "guj_Gujr", "hat_Latn", "heb_Hebr", "hin_Deva",
    "hye_Armn", "jpn_Jpan", "kan_Knda", "kat_Geor", "kaz_Cyrl", "khm_Khmr", "kin_Latn",
    "kor_Hang", "lao_Laoo", "mal_Mlym", "mya_Mymr", "npi_Deva", "nqo_Nkoo", "ory_Orya",
    "pan_Guru", "pes_Arab", "rus_Cyrl", "sat_Olck", "sin_Sinh", "snd_Arab", "srp_Cyrl",
    "swh_Latn", "tam_Taml", "tel_Telu", "tha_Thai", "tir_Ethi", "tur_Latn", "tzm_Tfng",
    "vie_Latn", "yor_Latn", "yue_Hant", "zho_Hans", "zho_Hant", "zul_Latn",
]  # fmt: skip


def folder() -> Path:
    """Where real data is."""
    data = os.environ.get("LIMBECK_TEST_DATA")
    if not data:
        pytest.skip("LIMBECK_TEST_DATA names no folder of test data")
    return Path(data)


@cache
def labelled(code: str, split: str = "test") -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The sentences of SIB-200 in a language, and their topics."""
    path = folder() / f"sib200/{code}/{split}.tsv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return tuple(row["text"] for row in rows), tuple(row["category"] for row in rows)


def sib(code: str, split: str = "test") -> tuple[str, ...]:
    """The sentences of SIB-200 in a language, in the same order in all of them."""
    return labelled(code, split)[0]


def coverage(name: str) -> list[dict[str, str]]:
    """The facts of a table on what covers a language."""
    with (folder() / "coverage" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def flores(code: str) -> list[str]:
    """The sentences of FLORES-200 devtest in a language."""
    path = folder() / f"flores200_devtest/devtest/{code}.devtest.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [line.rstrip("\n") for line in file]


def news(name: str) -> list[str]:
    """News in a language, line by line."""
    with gzip.open(folder() / f"mono_news/{name}.txt.gz", "rt", encoding="utf-8") as file:
        return [line.strip() for line in file if line.strip()]


def dolly() -> list[dict[str, Any]]:
    """The 15,011 English instructions of Dolly."""
    path = folder() / "dolly15k/databricks-dolly-15k.reassembled.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]
