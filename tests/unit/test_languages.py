"""The table of languages and the names that it answers to."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from limbeck import languages
from limbeck.errors import UserError
from limbeck.languages import resolve

NAMES = """
swh_Latn: Swahili swahili SWAHILI sw swh swh_Latn swh-Latn Kiswahili swa
yor_Latn: Yoruba Yorùbá yo yor|Èdè Yorùbá|ede yoruba
ckb_Arab: Sorani ckb|Sorani Kurdish|Central Kurdish
kmr_Latn: Kurmanji Kurmancî kmr|Northern Kurdish
sdh_Arab: sdh|Southern Kurdish
chv_Cyrl: Chuvash cv chv
als_Latn: Albanian shqip sq|Tosk Albanian
prs_Arab: Dari prs دری
pes_Arab: Persian Farsi fa فارسی
bod_Tibt: Tibetan bo|Lhasa Tibetan
sat_Olck: Santali Santhali ᱥᱟᱱᱛᱟᱲᱤ
kin_Latn: Kinyarwanda rw Ikinyarwanda
run_Latn: Kirundi Rundi rn Ikirundi
ory_Orya: Odia Oriya or ଓଡ଼ିଆ
fuv_Latn: Fula Fulani Fulfulde ff|Nigerian Fulfulde
hat_Latn: Haitian ht|Haitian Creole|kreyol ayisyen
cat_Latn: Catalan Valencian Valencià ca
twi_Latn: Twi tw|Asante Twi
aka_Latn: Akan ak
nob_Latn: nb Bokmål|Norwegian Bokmal
nno_Latn: nn Nynorsk
yue_Hant: Cantonese yue
zho_Hans: zh-Hans|Simplified Chinese|Chinese (Simplified)|zh-CN
zho_Hant: zh_Hant|Traditional Chinese|繁體中文
arb_Arab: ar|Standard Arabic|Modern Standard Arabic|العربية
arz_Arab: arz|Egyptian Arabic
ary_Arab: Darija|Moroccan Arabic
azj_Latn: Azerbaijani Azeri az
azb_Arab: azb|South Azerbaijani
khk_Cyrl: Mongolian mn|Halh Mongolian
plt_Latn: Malagasy mg
pbt_Arab: Pashto ps Pushto
ydd_Hebr: Yiddish yi ji
zsm_Latn: Malay ms|Bahasa Melayu
ind_Latn: Indonesian id in|bahasa indonesia
heb_Hebr: Hebrew he iw עברית
jav_Latn: Javanese jv jw
tgl_Latn: Tagalog Filipino fil tl
mya_Mymr: Burmese Myanmar my
nya_Latn: Chichewa Nyanja Chewa
sot_Latn: Sesotho st|Southern Sotho
nso_Latn: Sepedi|Northern Sotho
tsn_Latn: Setswana Tswana
mni_Beng: Manipuri Meitei
lus_Latn: Mizo Lushai
nqo_Nkoo: N'Ko N’Ko Nko
mri_Latn: Maori Māori mi
gla_Latn: gd|Scottish Gaelic|Scots Gaelic
gle_Latn: Irish ga Gaeilge
ron_Latn: Romanian Moldovan ro mo
nld_Latn: Dutch Flemish nl
uig_Arab: Uyghur Uighur ug
lug_Latn: Luganda Ganda lg
pan_Guru: Punjabi Panjabi pa
ast_Latn: Asturian Bable
gaz_Latn: Oromo om|Afaan Oromo
tir_Ethi: Tigrinya ti ትግርኛ
ell_Grek: Greek Ελληνικά|Ελληνικα
""".strip()

AMBIGUOUS = {
    "Kurdish": {"ckb_Arab", "kmr_Latn", "sdh_Arab"},
    "ku": {"ckb_Arab", "kmr_Latn", "sdh_Arab"},
    "Chinese": {"zho_Hans", "zho_Hant", "yue_Hant"},
    "zh": {"zho_Hans", "zho_Hant", "yue_Hant"},
    "Norwegian": {"nob_Latn", "nno_Latn"},
    "no": {"nob_Latn", "nno_Latn"},
    "Arabic": {"arb_Arab", "arz_Arab", "ary_Arab", "apc_Arab"},
    "Acehnese": {"ace_Arab", "ace_Latn"},
    "Kashmiri": {"kas_Arab", "kas_Deva"},
    "Kanuri": {"knc_Arab", "knc_Latn"},
    "Tamasheq": {"taq_Latn", "taq_Tfng"},
    "Gaelic": {"gla_Latn", "gle_Latn"},
    "Sotho": {"nso_Latn", "sot_Latn"},
    "Serbo-Croatian": {"bos_Latn", "hrv_Latn", "srp_Cyrl"},
}

UNKNOWN = {
    "Klingonish": "limbeck languages",
    "Swahilli": "Swahili",
    "Yoruva": "Yoruba",
    "Kinyarwandan": "Kinyarwanda",
    "Tai": "Thai",
    "swh_Arab": "swh_Latn",
    "": "limbeck languages",
    "False": "limbeck languages",
    "../etc/passwd": "limbeck languages",
}


def _names() -> list[tuple[str, str]]:
    pairs = []
    for line in NAMES.splitlines():
        code, names = line.split(": ")
        words, *phrases = names.split("|")
        # The first group is words; names of several words follow, one after each bar.
        pairs += [(name, code) for name in (*words.split(), *phrases)]
    return pairs


@pytest.mark.parametrize(("name", "code"), _names())
def test_a_name_is_resolved(name: str, code: str) -> None:
    assert resolve(name).code == code


@pytest.mark.parametrize(("name", "codes"), AMBIGUOUS.items())
def test_an_ambiguous_name_lists_its_choices(name: str, codes: set[str]) -> None:
    with pytest.raises(UserError, match="choose by code") as error:
        resolve(name)
    assert all(code in str(error.value) for code in codes)


@pytest.mark.parametrize(("name", "hint"), UNKNOWN.items())
def test_an_unknown_name_is_refused_with_a_hint(name: str, hint: str) -> None:
    with pytest.raises(UserError, match="is no language that Limbeck knows") as error:
        resolve(name)
    assert hint in str(error.value)
    assert "\n" not in str(error.value)


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


def test_no_two_rows_share_a_bcp47_tag() -> None:
    tags = [language.bcp47 for language in languages.languages()]
    assert len(set(tags)) == len(tags)


def _facts(name: str) -> list[dict[str, str]]:
    folder = os.environ.get("LIMBECK_TEST_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("LIMBECK_TEST_DATA names no folder of test data")
    with (Path(folder) / "coverage" / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_the_benchmarks_languages_are_all_there() -> None:
    rows = _facts("benchmarks_by_language.tsv")
    codes = [row["code"] for row in rows if "1" in (row["sib200"], row["flores200"])]
    assert len(codes) == 205
    assert [code for code in codes if resolve(code).code != code] == []


def test_the_kakugo_languages_are_all_there_by_their_names() -> None:
    rows = _facts("kakugo54.tsv")
    assert len(rows) == 54
    assert [row for row in rows if resolve(row["name"]).code != row["code"]] == []


def test_search_finds_by_part_of_a_name_and_by_script() -> None:
    assert [language.code for language in languages.search("swah")] == ["swh_Latn"]
    assert {language.code for language in languages.search("ethiopic")} == {"amh_Ethi", "tir_Ethi"}
    assert len(languages.search("")) == 207


def test_the_stage_writes_the_card(tmp_path: Path) -> None:
    output = tmp_path / "language.json"
    command = [sys.executable, "-m", "limbeck.languages", "--language", "Swahili"]
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
    ("nqo_Nkoo", "flores", None),
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
