"""Tables of Swahili forms that any grammar of the language gives."""

import pytest

from limbeck.phrasebook import english, grammar

ADJECTIVES = """
zuri: 1 mzuri 2 wazuri 3 mzuri 4 mizuri 5 zuri 6 mazuri 7 kizuri 8 vizuri 9 nzuri 10 nzuri 11 mzuri
kubwa: 1 mkubwa 2 wakubwa 3 mkubwa 4 mikubwa 5 kubwa 6 makubwa 7 kikubwa 8 vikubwa 9 kubwa 11 mkubwa
dogo: 1 mdogo 2 wadogo 4 midogo 5 dogo 6 madogo 7 kidogo 8 vidogo 9 ndogo 10 ndogo
baya: 1 mbaya 2 wabaya 5 baya 6 mabaya 7 kibaya 9 mbaya 10 mbaya
refu: 1 mrefu 2 warefu 5 refu 7 kirefu 9 ndefu 10 ndefu
pya: 1 mpya 2 wapya 3 mpya 4 mipya 5 jipya 6 mapya 7 kipya 8 vipya 9 mpya 10 mpya 11 mpya
eupe: 1 mweupe 2 weupe 3 mweupe 4 myeupe 5 jeupe 6 meupe 7 cheupe 8 vyeupe 9 nyeupe 10 nyeupe
eusi: 5 jeusi 6 meusi 7 cheusi 8 vyeusi 9 nyeusi 11 mweusi
ekundu: 3 mwekundu 4 myekundu 5 jekundu 6 mekundu 7 chekundu 8 vyekundu 9 nyekundu
ema: 1 mwema 2 wema 5 jema 7 chema 9 njema
fupi: 1 mfupi 7 kifupi 9 fupi
tamu: 5 tamu 6 matamu 9 tamu
gumu: 5 gumu 7 kigumu 9 ngumu
zito: 3 mzito 5 zito 9 nzito
aminifu: 1 mwaminifu 2 waaminifu
"""
NUMBERS = """
wili: 2 wawili 4 miwili 6 mawili 8 viwili 10 mbili
tatu: 2 watatu 4 mitatu 6 matatu 8 vitatu 10 tatu
tano: 2 watano 4 mitano 6 matano 8 vitano 10 tano
nane: 2 wanane 6 manane 8 vinane 10 nane
ingi: 2 wengi 4 mingi 6 mengi 8 vingi 10 nyingi
ngapi: 2 wangapi 4 mingapi 6 mangapi 8 vingapi 10 ngapi
chache: 2 wachache 6 machache 8 vichache 10 chache
"""


def _cells(table: str) -> list[tuple[str, str, str]]:
    cells = []
    for line in table.strip().splitlines():
        stem, forms = line.split(": ")
        words = forms.split()
        cells += [(stem, *pair) for pair in zip(words[::2], words[1::2], strict=True)]
    return cells


@pytest.mark.parametrize(("stem", "noun_class", "form"), _cells(ADJECTIVES))
def test_adjective(stem: str, noun_class: str, form: str) -> None:
    assert grammar.adjective(stem, noun_class) == form


@pytest.mark.parametrize(("stem", "noun_class", "form"), _cells(NUMBERS))
def test_number(stem: str, noun_class: str, form: str) -> None:
    assert grammar.number(stem, noun_class) == form


VERBS = """
soma bantu 1s present + ninasoma | soma bantu 2s present + unasoma | soma bantu 1 present + anasoma
soma bantu 1p present + tunasoma | soma bantu 2 present + wanasoma | soma bantu 7 present + kinasoma
soma bantu 1s present - sisomi | soma bantu 2s present - husomi | soma bantu 1 present - hasomi
soma bantu 1p present - hatusomi | soma bantu 2 present - hawasomi | soma bantu 3 present - hausomi
soma bantu 1 past + alisoma | soma bantu 1 past - hakusoma | soma bantu 1s past - sikusoma
soma bantu 2 future + watasoma | soma bantu 2 future - hawatasoma | soma bantu 2s future - hutasoma
soma bantu 1 perfect + amesoma | soma bantu 1 perfect - hajasoma
soma bantu 1p perfect - hatujasoma
soma bantu 1 habitual + husoma | soma bantu 2 habitual + husoma
la mono 1 present + anakula | la mono 1 present - hali | la mono 1 past + alikula
la mono 1 past - hakula | la mono 1 future + atakula | la mono 1 future - hatakula
la mono 1 perfect + amekula | la mono 1 perfect - hajala | la mono 1 habitual + hula
nywa mono 2 present + wanakunywa | nywa mono 2 present - hawanywi | nywa mono 1s past - sikunywa
ja mono 1 present + anakuja | ja mono 1 present - haji | ja mono 1 perfect - hajaja
jibu loan 1 present + anajibu | jibu loan 1 present - hajibu | jibu loan 1 past - hakujibu
sahau loan 1s present - sisahau | ishi loan 2 present - hawaishi | haribu loan 6 past + yaliharibu
enda bantu 1 present + anaenda | enda bantu 1 present - haendi | enda bantu 1 past - hakuenda
jua bantu 1s present - sijui | ogelea bantu 1 present - haogelei
tiririka bantu 3 present + unatiririka
anguka bantu 5 past + lilianguka | anguka bantu 6 past + yalianguka
anguka bantu 9 past + ilianguka
anguka bantu 10 past + zilianguka | anguka bantu 8 past - havikuanguka
anguka bantu 14 future + utaanguka
fanya_kazi bantu 1 present - hafanyi_kazi | piga_kura bantu 2 past + walipiga_kura
wa mono 1 past + alikuwa | wa mono 1 past - hakuwa | wa mono 7 future + kitakuwa
wa mono 15 past - hakukuwa
"""
VERB_CASES = [tuple(c.split()) for line in VERBS.strip().splitlines() for c in line.split(" | ")]


@pytest.mark.parametrize(("stem", "kind", "concord", "tense", "sign", "form"), VERB_CASES)
def test_verb(stem: str, kind: str, concord: str, tense: str, sign: str, form: str) -> None:
    made = grammar.verb(stem.replace("_", " "), kind, concord, tense, sign == "-")
    assert made == form.replace("_", " ")


@pytest.mark.parametrize(
    ("stem", "kind", "concord", "tense", "negative", "object_", "form"),
    [
        ("saidia", "bantu", "1", "present", False, "1", "anamsaidia"),
        ("saidia", "bantu", "1", "present", True, "1s", "hanisaidii"),
        ("ona", "bantu", "1", "past", False, "1", "alimwona"),
        ("ona", "bantu", "1s", "future", False, "2s", "nitakuona"),
        ("ona", "bantu", "2", "past", True, "2", "hawakuwaona"),
        ("uliza", "bantu", "1", "past", False, "1", "alimuuliza"),
        ("ita", "bantu", "1p", "present", False, "1", "tunamwita"),
        ("penda", "bantu", "2", "present", False, "1p", "wanatupenda"),
        ("heshimu", "loan", "1", "present", True, "2", "hawaheshimu"),
        ("la", "mono", "1", "present", False, "1", "anamla"),
    ],
)
def test_object_prefix(
    stem: str, kind: str, concord: str, tense: str, negative: bool, object_: str, form: str
) -> None:
    assert grammar.verb(stem, kind, concord, tense, negative, object_) == form


@pytest.mark.parametrize(
    ("made", "form"),
    [
        (grammar.infinitive("soma"), "kusoma"),
        (grammar.infinitive("la"), "kula"),
        (grammar.infinitive("enda"), "kwenda"),
        (grammar.infinitive("imba"), "kuimba"),
        (grammar.infinitive("saidia", "1"), "kumsaidia"),
        (grammar.command("soma", "bantu"), "soma"),
        (grammar.command("nywa", "mono"), "kunywa"),
        (grammar.command("soma", "bantu", True), "usisome"),
        (grammar.command("sahau", "loan", True), "usisahau"),
        (grammar.command("la", "mono", True), "usile"),
        (grammar.command("saidia", "bantu", False, "1"), "msaidie"),
        (grammar.command("ita", "bantu", False, "1"), "mwite"),
        (grammar.command("gusa", "bantu", True, "2"), "usiwaguse"),
        (grammar.possessive("1s", "7"), "changu"),
        (grammar.possessive("2s", "9"), "yako"),
        (grammar.possessive("1", "1"), "wake"),
        (grammar.possessive("1p", "10"), "zetu"),
        (grammar.possessive("2", "5"), "lao"),
        (grammar.possessive("1s", "8"), "vyangu"),
        (grammar.genitive("1"), "wa"),
        (grammar.genitive("4"), "ya"),
        (grammar.genitive("5"), "la"),
        (grammar.genitive("7"), "cha"),
        (grammar.genitive("8"), "vya"),
        (grammar.genitive("10"), "za"),
        (grammar.all_of("2"), "wote"),
        (grammar.all_of("6"), "yote"),
        (grammar.all_of("8"), "vyote"),
        (grammar.all_of("10"), "zote"),
        (grammar.demonstrative("1"), "huyu"),
        (grammar.demonstrative("1", False), "yule"),
        (grammar.demonstrative("5"), "hili"),
        (grammar.demonstrative("6", False), "yale"),
        (grammar.demonstrative("10"), "hizi"),
        (grammar.having("1"), "ana"),
        (grammar.having("1s", True), "sina"),
        (grammar.having("2", True), "hawana"),
        (grammar.having("15"), "kuna"),
        (grammar.having("15", True), "hakuna"),
        (grammar.located("1"), "yuko"),
        (grammar.located("1", True), "hayuko"),
        (grammar.located("7"), "kiko"),
        (grammar.located("10", True), "haziko"),
        (grammar.locative("soko"), "sokoni"),
    ],
)
def test_small_words(made: str, form: str) -> None:
    assert made == form


def test_habitual_has_no_negative() -> None:
    with pytest.raises(ValueError, match="habitual"):
        grammar.verb("soma", "bantu", "1", "habitual", True)


@pytest.mark.parametrize(
    ("made", "form"),
    [
        (english.plural("city"), "cities"),
        (english.plural("match"), "matches"),
        (english.plural("boy"), "boys"),
        (english.third("wash"), "washes"),
        (english.third("carry"), "carries"),
        (english.past("carry"), "carried"),
        (english.past("play"), "played"),
        (english.past("use"), "used"),
        (english.progressive("like"), "liking"),
        (english.progressive("see"), "seeing"),
        (english.article("hour"), "an"),
        (english.article("honest man"), "an"),
        (english.article("university"), "a"),
        (english.article("old book"), "an"),
    ],
)
def test_english(made: str, form: str) -> None:
    assert made == form
