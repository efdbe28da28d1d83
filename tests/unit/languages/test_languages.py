"""The table of languages and the names that it answers to."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import real_texts
from limbeck import languages
from limbeck.errors import UserError
from limbeck.languages import names, resolve


def test_every_row_is_whole_and_found_by_its_code_and_name() -> None:
    table = languages.languages()
    assert len({language.code for language in table}) == len(table) == 207
    for language in table:
        assert resolve(language.code) is language
        assert resolve(language.name) is language
        assert language.code == f"{language.iso639_3}_{language.script}"
        assert language.endonym
        assert language.script_name
        assert language.bcp47.split("-")[0] in {language.iso639_1, language.iso639_3}
        expected = "rtl" if language.script in {"Arab", "Hebr", "Nkoo"} else "ltr"
        assert language.direction == expected


COLUMNS = [
    "code", "name", "endonym", "aliases", "iso639_1", "iso639_3", "bcp47", "script", "script_name",
    "direction",
]  # fmt: skip
MANX = "glv_Latn\tManx\tGaelg\t\tgv\tglv\tgv\tLatn\tLatin\tltr"
NONE = "\t" * (len(languages.COVERAGE) - 1)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (MANX, r"no row of the table \(10 cells in 18 columns\)"),
        (f"{MANX}\t{NONE}\tmore", r"no row of the table \(19 cells in 18 columns\)"),
        (f"../glv\t{MANX[9:]}\t{NONE}", r"no row of the table \(code: '../glv' is not of the form"),
        (f"{MANX.replace('ltr', 'up')}\t{NONE}", ".*direction: 'up' is not of the form"),
        (f"{MANX}\t{NONE}\n{MANX}\t{NONE}", "there is a row of glv_Latn already"),
    ],
)
def test_a_bad_row_is_told_by_its_line(tmp_path: Path, row: str, said: str) -> None:
    table = tmp_path / "languages.tsv"
    head = "\t".join([*COLUMNS, *languages.COVERAGE])
    table.write_text(f"# version 1\n{head}\n{row}\n", encoding="utf-8")
    with pytest.raises(UserError, match=rf"languages\.tsv:{row.count(chr(10)) + 3}: {said}"):
        names.read(table)


@pytest.mark.parametrize("name", ["\x00", "\x00<think>", "a\nb", "\ud800", "x" * 100_000])
def test_what_is_no_name_is_refused_at_once(name: str) -> None:
    with pytest.raises(UserError, match="is no name of a language"):
        resolve(name)


def test_no_two_rows_share_a_bcp47_tag() -> None:
    tags = [language.bcp47 for language in languages.languages()]
    assert len(set(tags)) == len(tags)


def test_search_finds_by_part_of_a_name_and_by_script() -> None:
    assert [language.code for language in languages.search("swah")] == ["swh_Latn"]
    assert {language.code for language in languages.search("ethiopic")} == {"amh_Ethi", "tir_Ethi"}
    assert len(languages.search("")) == 207


def test_the_stage_writes_the_card(tmp_path: Path) -> None:
    output = tmp_path / "language.json"
    command = [sys.executable, "-m", "limbeck.languages.describe", "--language", "Swahili"]
    subprocess.run([*command, "--output", output], check=True)
    assert json.loads(output.read_text(encoding="utf-8")) == {
        "code": "swh_Latn",
        "name": "Swahili",
        "endonym": "Kiswahili",
        "iso639_1": "sw",
        "iso639_3": "swh",
        "bcp47": "sw",
        "script": "Latn",
        "script_name": "Latin",
        "direction": "ltr",
    }


def test_the_import_is_light() -> None:
    code = "import sys, limbeck.languages; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert {"langcodes", "torch", "pyarrow"}.isdisjoint(done.stdout.split())


LABELS = [
    # language, benchmark, label
    ("swh_Latn", "flores_from_english", "swh_Latn"),
    ("eng_Latn", "flores_from_english", None),
    ("eng_Latn", "flores_into_english", None),
    ("eng_Latn", "sib200", "eng_Latn"),
    ("nqo_Nkoo", "flores", "nqo_Nkoo"),
    ("sdh_Arab", "flores", None),
    ("zho_Hant", "flores_into_english", "cmn_Hant"),
    ("nqo_Nkoo", "sib200", "nqo_Nkoo"),
    ("ace_Latn", "belebele", None),
    ("yor_Latn", "belebele", "yor_Latn"),
    ("swh_Latn", "global_mmlu", "sw"),
    ("tgl_Latn", "global_mmlu", "fil"),
    ("zho_Hans", "global_mmlu", "zh"),
    ("zho_Hant", "global_mmlu", None),
    ("amh_Ethi", "global_mmlu", "am"),
    ("amh_Ethi", "global_mmlu_lite", None),
    ("swh_Latn", "global_mmlu_lite", "sw"),
    ("zho_Hant", "massive", "zh-TW"),
    ("cat_Latn", "massive", "ca-ES"),
    ("hau_Latn", "massive", None),
]


@pytest.mark.parametrize(("code", "benchmark", "label"), LABELS)
def test_a_label_is_known_where_a_language_is_covered(
    code: str, benchmark: str, label: str | None
) -> None:
    assert languages.covered(resolve(code), benchmark) == label
    assert languages.covered(resolve(code).card(), benchmark) == label


def test_coverage_of_no_benchmark_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="no such column"):
        languages.covered(resolve("sw"), "belebel")


FORM = {
    **dict.fromkeys(("sib200", "belebele", "fineweb2", "glotlid"), r"[a-z]{3}_[A-Z][a-z]{3}"),
    "flores": r"[a-z]{3}_[A-Z][a-z]{3}(_[a-z]{4}\d{4})?",  # a Glottocode tells dialects apart
    **dict.fromkeys(("global_mmlu", "global_mmlu_lite"), r"[a-z]{2,3}"),
    "massive": r"[a-z]{2}-[A-Z]{2}",
}
COUNTS = {
    "flores": 206,
    "sib200": 205,
    "belebele": 117,  # of 122: five romanised ones are no varieties of FLORES
    "global_mmlu": 42,
    "global_mmlu_lite": 15,
    "massive": 52,
    "fineweb2": 202,
    "glotlid": 207,
}


# What FLORES+ calls otherwise than FLORES-200 did.
RENAMED = {
    "ajp_Arab": "apc_Arab_sout3123", "aka_Latn": "twi_Latn_akua1239",
    "apc_Arab": "apc_Arab_nort3139", "est_Latn": "ekk_Latn", "grn_Latn": "gug_Latn",
    "kon_Latn": "ktu_Latn", "tgl_Latn": "fil_Latn", "twi_Latn": "twi_Latn_asan1239",
    "tzm_Tfng": "zgh_Tfng", "zho_Hans": "cmn_Hans", "zho_Hant": "cmn_Hant",
}  # fmt: skip


@pytest.mark.parametrize("name", languages.COVERAGE)
def test_labels_have_their_form_and_number(name: str) -> None:
    labels = {row.code: row.labels[name] for row in languages.languages() if name in row.labels}
    assert len(labels) == COUNTS[name]
    assert all(re.fullmatch(FORM[name], label) for label in labels.values())
    if name == "flores":
        assert {code: label for code, label in labels.items() if code != label} == RENAMED
    if name in ("sib200", "belebele"):
        assert all(code == label for code, label in labels.items())
    elif name not in ("fineweb2", "glotlid"):  # which know fewer varieties
        assert len(set(labels.values())) == len(labels)


def test_the_table_names_its_version_sources_and_licence() -> None:
    head = [line for line in languages.TABLE.read_text("utf-8").splitlines() if line[0] == "#"]
    assert head[0].startswith("# version 3.")
    assert "CC BY-SA 4.0" in head[1]
    assert all(name in head[2] for name in languages.COVERAGE)


def test_the_labels_are_those_of_the_facts() -> None:
    rows = {row.code: row.labels for row in languages.languages()}
    for fact in real_texts.coverage("benchmarks_by_language.tsv"):
        if fact["code"] in rows:
            had = {name: name in rows[fact["code"]] for name in ("sib200", "belebele")}
            plus = ("chv_Cyrl", "nqo_Nkoo")  # in FLORES+ alone
            had["flores200"] = "flores" in rows[fact["code"]] and fact["code"] not in plus
            assert had == {name: fact[name] == "1" for name in had}, fact
    facts = real_texts.coverage("global_mmlu.tsv")
    for name, column in (("global_mmlu", "full"), ("global_mmlu_lite", "lite")):
        wanted = {fact["code"] for fact in facts if fact[column] == "1"}
        assert {labels[name] for labels in rows.values() if name in labels} == wanted
    for code, labels in rows.items():
        if "global_mmlu_lite" in labels:
            assert labels["global_mmlu_lite"] == labels["global_mmlu"], code
