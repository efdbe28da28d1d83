"""The names that languages go by: which are right, which are refused, and with what line."""

import langcodes
import pytest

import real_texts
from limbeck import languages
from limbeck.errors import UserError
from limbeck.languages import Language, resolve

# code: words, then names of several words, one after each bar.
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
nld_Latn: nld dut nl-BE
deu_Latn: ger Deutsch Hochdeutsch
fra_Latn: fre français
hye_Armn: arm Հայերեն|Eastern Armenian
kat_Geor: geo ქართული
cym_Latn: wel Cymraeg
isl_Latn: ice íslenska
eus_Latn: baq Euskara
ces_Latn: cze čeština
slk_Latn: slo
mkd_Cyrl: mac македонски
bod_Tibt: tib
als_Latn: alb sqi
est_Latn: ekk ekk_Latn eesti
grn_Latn: gug gug_Latn Guaraní
tgl_Latn: fil_Latn tl-PH
pes_Arab: per fas fas_Arab fa-IR
prs_Arab: fa-AF|Dari Persian|Persian (Afghanistan)
zho_Hans: cmn-Hans|简体中文
zho_Hant: cmn-Hant zh-Hant|Chinese (Traditional)
yue_Hant: zh-yue
swh_Latn: sw-KE sw-TZ swa-Latn|Swahili language
kmr_Latn: ku-Latn
srp_Cyrl: sr-Cyrl sr-RS
por_Latn: pt-BR|Brazilian Portuguese
spa_Latn: es-419 Castellano
kor_Hang: ko-KR ko-Kore
jpn_Jpan: ja-JP
azb_Arab: az-IR az-Arab
ace_Arab: ace-Arab|Acehnese (Arabic)
ace_Latn: ace-Latn|Acehnese (Latin script)|acehnese latin
kas_Deva: ks-Deva|Kashmiri (Devanagari)
taq_Tfng: taq-Tfng|Tamasheq (Tifinagh)
mni_Beng: mni-Beng Meiteilon
hat_Latn: Kreyòl|Kreyòl ayisyen
kon_Latn: kg Kikongo
lua_Latn: Tshiluba
ibo_Latn: Igbo|Asụsụ Igbo
khm_Khmr: Khmer Cambodian ខ្មែរ
lao_Laoo: Laotian ລາວ
mya_Mymr: မြန်မာ
amh_Ethi: አማርኛ
sin_Sinh: Sinhalese සිංහල
dzo_Tibt: Bhutanese
khk_Cyrl: mon
twi_Latn: Twi
lao_Laoo: Lao
ewe_Latn: Ewe
fon_Latn: Fon
luo_Latn: Luo
vie_Latn: Vie
ckb_Arab: سۆرانی
""".strip()

# Outside the table; the name that the card has.
OUTSIDE = {
    "Breton": ("bre_Latn", "Breton", "brezhoneg"),
    "brezhoneg": ("bre_Latn", "Breton", "brezhoneg"),
    "br": ("bre_Latn", "Breton", "brezhoneg"),
    "bre_Latn": ("bre_Latn", "Breton", "brezhoneg"),
    "Min Nan": ("nan_Hans", "Min Nan Chinese", "Min Nan Chinese"),
    "nan-Hant": ("nan_Hant", "Min Nan Chinese (Traditional Han script)", None),
    "zh-min-nan": ("nan_Hans", "Min Nan Chinese", None),
    "Hakka": ("hak_Hans", "Hakka Chinese", None),
    "Cherokee": ("chr_Cher", "Cherokee", "ᏣᎳᎩ"),
    "iu": ("iku_Cans", "Inuktitut", None),
    "Hawaiian": ("haw_Latn", "Hawaiian", "ʻŌlelo Hawaiʻi"),
    "Nigerian Pidgin": ("pcm_Latn", "Nigerian Pidgin", None),
    "kjh-Cyrl": ("kjh_Cyrl", "Khakas", None),
    "kjh_Cyrl": ("kjh_Cyrl", "Khakas", None),
    "pnb_Arab": ("pnb_Arab", "Western Panjabi", None),
    "sr-Latn": ("srp_Latn", "Serbian (Latin script)", "srpski (latinica)"),
    "sr-ME": ("srp_Latn", "Serbian (Latin script)", None),
    "pa-PK": ("pan_Arab", "Punjabi (Arabic script)", None),
    "mni-Mtei": ("mni_Mtei", "Manipuri (Meitei Mayek script)", None),
    "swh_Arab": ("swh_Arab", "Swahili (Arabic script)", None),
    "Syriac": ("syr_Syrc", "Syriac", "ܣܘܪܝܝܐ"),
    "Ancient Greek": ("grc_Grek", "Ancient Greek", None),
    "grc-Cprt": ("grc_Cprt", "Ancient Greek (Cypriot script)", None),
    "mww": ("mww_Latn", "Hmong Daw", None),
    "Hmong Njua": ("hnj_Latn", "Hmong Njua", None),
    "pnb": ("pnb_Arab", "Western Panjabi", None),
    "Western Punjabi": ("pnb_Arab", "Western Panjabi", None),
    "Western Panjabi": ("pnb_Arab", "Western Panjabi", None),
    "yue-Hans": ("yue_Hans", "Cantonese (Simplified Han script)", None),
    "uzb_Cyrl": ("uzb_Cyrl", "Uzbek (Cyrillic script)", None),
    "az-Cyrl": ("aze_Cyrl", "Azerbaijani (Cyrillic script)", None),
    "mnw": ("mnw_Mymr", "Mon", None),
    "Vai": ("vai_Vaii", "Vai", None),
    "Rohingya": ("rhg_Rohg", "Rohingya", None),
}
# What corpora call otherwise.
LABELS = {
    "nan_Hans": "nan_Hani", "nan_Hant": "nan_Hani", "hak_Hans": "hak_Hani", "yue_Hans": "yue_Hani",
    "pan_Arab": "pnb_Arab", "uzb_Cyrl": "uzn_Cyrl", "aze_Cyrl": "azj_Cyrl",
}  # fmt: skip
RIGHT_TO_LEFT = {"pnb_Arab", "pan_Arab", "swh_Arab", "syr_Syrc", "rhg_Rohg"}

AMBIGUOUS = {
    "Kurdish": {"ckb_Arab", "kmr_Latn", "sdh_Arab"},
    "ku": {"ckb_Arab", "kmr_Latn", "sdh_Arab"},
    "kur": {"ckb_Arab", "kmr_Latn", "sdh_Arab"},
    "ku-Arab": {"ckb_Arab", "sdh_Arab"},
    "ku-IQ": {"ckb_Arab", "kmr_Latn", "sdh_Arab"},
    "Chinese": {"zho_Hans", "zho_Hant", "yue_Hant"},
    "zh": {"zho_Hans", "zho_Hant", "yue_Hant"},
    "zh-HK": {"zho_Hant", "yue_Hant"},
    "cmn_Hani": {"zho_Hans", "zho_Hant"},
    "Mandarin": {"zho_Hans", "zho_Hant"},
    "中文": {"zho_Hans", "zho_Hant"},
    "Norwegian": {"nob_Latn", "nno_Latn"},
    "norsk": {"nob_Latn", "nno_Latn"},
    "no": {"nob_Latn", "nno_Latn"},
    "no-NO": {"nob_Latn", "nno_Latn"},
    "Arabic": {"arb_Arab", "arz_Arab", "ary_Arab", "apc_Arab"},
    "Levantine Arabic": {"ajp_Arab", "apc_Arab"},
    "Acehnese": {"ace_Arab", "ace_Latn"},
    "Banjar": {"bjn_Arab", "bjn_Latn"},
    "Kashmiri": {"kas_Arab", "kas_Deva"},
    "Kanuri": {"knc_Arab", "knc_Latn"},
    "Minangkabau": {"min_Arab", "min_Latn"},
    "Tamasheq": {"taq_Latn", "taq_Tfng"},
    "Berber": {"kab_Latn", "taq_Latn", "taq_Tfng", "tzm_Tfng"},
    "Gaelic": {"gla_Latn", "gle_Latn"},
    "Sotho": {"nso_Latn", "sot_Latn"},
    "Serbo-Croatian": {"bos_Latn", "hrv_Latn", "srp_Cyrl"},
    # A code of one, the name of another; in lower case it is the code.
    "Mon": {"khk_Cyrl Mongolian", "mnw Mon"},
    "Ga": {"gle_Latn Irish", "gaa Ga"},
    "Ho": {"hmo_Latn Hiri Motu", "hoc Ho"},
    "Creole": {"hat_Latn", "kea_Latn", "pap_Latn"},
}

NOTHING_NEAR = "`limbeck languages` lists the table; any other goes by its ISO 639-3 code"
UNKNOWN = {
    # misspelt
    "Swahilli": "did you mean swh_Latn Swahili?",
    "Yoruva": "did you mean yor_Latn Yoruba?",
    "Kinyarwandan": "did you mean kin_Latn Kinyarwanda?",
    "Amharik": "did you mean amh_Ethi Amharic?",
    "Tigrinia": "did you mean tir_Ethi Tigrinya?",
    "Hausaa": "did you mean hau_Latn Hausa?",
    "Chichiwa": "did you mean nya_Latn Chichewa?",
    "Somaly": "did you mean som_Latn Somali?",
    "Tai": "did you mean tha_Thai Thai?",
    "swh_Latin": "did you mean swh_Latn Swahili?",
    "swh_Xxxx": "did you mean swh_Latn Swahili?",
    # part of a name, or more than one
    "Scottish": "did you mean gla_Latn Scottish Gaelic?",
    "Mexican Spanish": "did you mean spa_Latn Spanish?",
    "Darija Marocaine": "did you mean ary_Arab Moroccan Arabic?",
    "Swahilian": "did you mean swh_Latn Swahili?",
    # dialects and manners of speaking that have no code
    "sl-rozaj": "did you mean slv_Latn Slovenian?",
    "en-x-pirate": "did you mean eng_Latn English?",
    "Kiunguja": NOTHING_NEAR,
    "Cockney": NOTHING_NEAR,
    "Kansai": NOTHING_NEAR,
    # families, and codes for what is no language
    "ber": NOTHING_NEAR,
    "und": NOTHING_NEAR,
    "mul": NOTHING_NEAR,
    "zxx": NOTHING_NEAR,
    "qaa": NOTHING_NEAR,
    "xx": NOTHING_NEAR,
    # no name at all
    "on": NOTHING_NEAR,
    "False": NOTHING_NEAR,
    "null": NOTHING_NEAR,
    "": NOTHING_NEAR,
    "()": NOTHING_NEAR,
    "123": NOTHING_NEAR,
    "Klingonish": NOTHING_NEAR,
    "../etc/passwd": NOTHING_NEAR,
    "swh_Latn;ls": "did you mean swh_Latn Swahili?",
}

NO_SCRIPT = {"kjh": "Khakas", "Khakas": "Khakas", "Klingon": "Klingon", "hyw": "Western Armenian"}


def _names() -> list[tuple[str, str]]:
    pairs = []
    for line in NAMES.splitlines():
        code, names = line.split(": ")
        words, *phrases = names.split("|")
        pairs += [(name, code) for name in (*words.split(), *phrases)]
    return pairs


@pytest.mark.parametrize(("name", "code"), _names())
def test_a_name_is_resolved(name: str, code: str) -> None:
    assert resolve(name).code == code


@pytest.mark.parametrize(("name", "card"), OUTSIDE.items())
def test_a_language_outside_the_table_has_a_card(
    name: str, card: tuple[str, str, str | None]
) -> None:
    code, english, endonym = card
    found = resolve(name)
    assert (found.code, found.name) == (code, english)
    assert endonym in (None, found.endonym)
    assert found.endonym
    assert found.script_name
    assert found.code == f"{found.iso639_3}_{found.script}"
    assert found.direction == ("rtl" if code in RIGHT_TO_LEFT else "ltr")
    # The stage is given the code, and the card tells the tag.
    assert resolve(found.code) == resolve(found.bcp47) == found
    assert languages.covered(found, "sib200") is languages.covered(found.card(), "belebele") is None
    label = LABELS.get(code, code)
    assert languages.covered(found, "glotlid") == label
    assert languages.covered(found.card(), "fineweb2") == label


@pytest.mark.parametrize(("name", "codes"), AMBIGUOUS.items())
def test_an_ambiguous_name_lists_its_choices(name: str, codes: set[str]) -> None:
    with pytest.raises(UserError, match="choose by code") as error:
        resolve(name)
    assert all(code in str(error.value) for code in codes)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("name", "hint"), UNKNOWN.items())
def test_an_unknown_name_is_refused_with_a_hint(name: str, hint: str) -> None:
    with pytest.raises(UserError, match="is no language that Limbeck knows") as error:
        resolve(name)
    assert hint.removesuffix("?") in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("name", "english"), NO_SCRIPT.items())
def test_a_script_that_nobody_knows_is_asked_for(name: str, english: str) -> None:
    with pytest.raises(UserError, match=f"is {english}, but Unicode CLDR does not know its script"):
        resolve(name)


def _known(language: Language) -> dict[str, str]:
    """What language_data calls a language, in English and in the language."""
    tag = langcodes.Language.get(language.bcp47)
    return {"English": tag.display_name(), "endonym": tag.autonym()}


# Names that language_data gives to more than this variety, and whose they are.
SHARED = {
    ("twi_Latn", "Akan"): "aka_Latn",
    ("arb_Arab", "Arabic"): None,  # several
    **dict.fromkeys([("bjn_Latn", "Banjar"), ("min_Latn", "Minangkabau")]),
    **dict.fromkeys([("ace_Latn", "Acehnese"), ("knc_Latn", "Kanuri")]),
    **dict.fromkeys([("kas_Arab", "Kashmiri"), ("taq_Latn", "Tamasheq")]),
    ("knc_Latn", "Central Kanuri"): None,
}


@pytest.mark.parametrize("language", languages.languages(), ids=lambda language: language.code)
def test_a_language_goes_by_what_language_data_calls_it(language: Language) -> None:
    for name in _known(language).values():
        wanted = SHARED.get((language.code, name), language.code)
        if wanted:
            assert resolve(name).code == wanted
        else:
            with pytest.raises(UserError, match=f"choose by code: .*{language.code}"):
                resolve(name)


def test_the_languages_of_the_benchmarks_go_by_name_code_and_endonym() -> None:
    rows = real_texts.coverage("benchmarks_by_language.tsv")
    codes = [row["code"] for row in rows if "1" in (row["sib200"], row["flores200"])]
    assert len(codes) == 205
    for code in codes:
        language = resolve(code)
        assert language.code == code
        assert resolve(language.name) == language


def test_the_kakugo_languages_go_by_name_code_and_endonym() -> None:
    rows = real_texts.coverage("kakugo54.tsv")
    assert len(rows) == 54
    for row in rows:
        language = resolve(row["name"])
        assert language.code == row["code"]
        assert resolve(language.endonym) == resolve(language.bcp47) == language
        assert resolve(row["paper_code"]) == language
