"""What each filter removes, and what it leaves."""

from typing import Any

import pytest

from limbeck.dataset.disguises import undisguised
from limbeck.dataset.filters import kept_tokens, lengths, refusals, repetition, verdicts
from limbeck.dataset.filters.copies import copied
from limbeck.dataset.filters.duplicates import NearDuplicates, exact_duplicate, near_duplicate
from limbeck.dataset.filters.empty import empty
from limbeck.dataset.filters.script_share import script
from limbeck.dataset.funnel import Reason, failed
from limbeck.dataset.texts import words

LONG = "Mwalimu anasoma kitabu kizuri shuleni kila siku asubuhi na mapema sana"


def why(reason: Reason) -> str | None:
    return reason and reason.why


@pytest.mark.parametrize(("failure", "reason"), [(None, None), ("length", "length")])
def test_failed(row: Any, failure: str | None, reason: str | None) -> None:
    assert why(failed(row("Habari", "Nzuri", failure=failure))) == reason


@pytest.mark.parametrize(
    ("turns", "reason"),
    [
        (["Habari", "Nzuri"], None),
        (["Habari", "None of these"], None),
        (["Habari", " None "], "empty turn"),
        (["", "Nzuri"], "empty turn"),
        (["Habari", "null"], "empty turn"),
        ([], "no messages"),
    ],
)
def test_empty(row: Any, turns: list[str], reason: str | None) -> None:
    assert why(empty(row(*turns))) == reason


@pytest.mark.parametrize(
    ("turns", "original", "reason"),
    [
        (["abcd"], ["abcd"], None),
        (["ab"], ["abcd"], None),
        (["a"], ["abcd"], "too short"),
        (["abcdefghi"], ["abcd"], "too long"),
        (["ሰላም ነው"], ["Hello there, you"], None),  # bytes, not characters
        (["abcd", "a"], ["abcd", "abcd"], "too short"),
        (["abcd"], None, None),
    ],
)
def test_length_ratio(
    row: Any, turns: list[str], original: list[str] | None, reason: str | None
) -> None:
    limit = lengths.length_ratio(lengths.Bounds(0.5, 2.0), None)
    assert why(limit(row(*turns, original=original))) == reason


def test_the_length_band_is_the_languages_own(row: Any) -> None:
    english = "x" * 100
    usual = [row("y" * (250 + number), original=[english]) for number in range(-50, 51)]
    faults = [row("y" * 90, original=[english]) for _ in range(20)]
    band = lengths.band([*usual, *faults], 4.0)
    assert band is not None
    assert band.low == pytest.approx(1.35, abs=0.4)
    limit = lengths.length_ratio(lengths.Bounds(0.1, 20.0), band)
    assert why(limit(row("y" * 90, original=[english]))) == "too short"
    assert limit(usual[0]) is None
    assert limit(row("yyy", original=["xxx"])) is None, "a short turn says little"
    assert lengths.band(usual[:20], 4.0) is None, "too few to know what is usual"
    assert lengths.band(usual, None) is None


SWAHILI = "Mwalimu anasoma kitabu kizuri shuleni kila siku."
AMHARIC = "መምህሩ በየቀኑ በትምህርት ቤት ጥሩ መጽሐፍ ያነባል።"
REVISED = {"strategy": "context", "kind": "revised:longer"}


@pytest.mark.parametrize(
    ("code", "turns", "columns", "removed"),
    [
        ("Latn", [SWAHILI, SWAHILI], {}, False),
        ("Latn", [SWAHILI, AMHARIC], {}, True),
        ("Ethi", [AMHARIC, AMHARIC], {}, False),
        ("Ethi", [AMHARIC, SWAHILI], {}, True),
        ("Ethi", [SWAHILI, AMHARIC], {}, True),
        ("Ethi", [AMHARIC, AMHARIC], {"reasoning": SWAHILI}, False),  # reasoning is free
        ("Ethi", [AMHARIC, f"{AMHARIC} ```\nprint(numbers[0]) # {SWAHILI}\n```"], {}, False),
        ("Ethi", [AMHARIC, f"{AMHARIC} https://example.org/{'a' * 200}"], {}, False),
        ("Ethi", [AMHARIC, "Python"], {}, False),  # too short to say
        ("Ethi", [AMHARIC, SWAHILI], {"strategy": "context", "kind": "translate"}, False),
        ("Ethi", [SWAHILI, SWAHILI], {"strategy": "context", "kind": "translate"}, True),
        ("Ethi", [AMHARIC, SWAHILI], {**REVISED, "asked": "translate"}, False),
        ("Ethi", [AMHARIC, SWAHILI], {**REVISED, "asked": "summarise"}, True),
        ("Ethi", [AMHARIC, SWAHILI], REVISED, False),  # of an earlier version: it may be one
        ("Jpan", ["彼は毎日学校で良い本を読んでいます。"], {}, False),
        ("Jpan", ["他每天在学校读一本好书，老师很高兴。"], {}, True),  # Chinese
        ("Hans", ["他每天在学校读一本好书，老师很高兴，这对学习有帮助。"], {}, False),
        ("Hant", ["他每天在学校读一本好书，老师很高兴，这对学习有帮助。"], {}, True),
        ("Hant", ["他每天在學校讀一本好書，老師很高興，這對學習有幫助。"], {}, False),
        ("Hans", ["他每天在學校讀一本好書，老師很高興，這對學習有幫助。"], {}, True),
        ("Kore", ["선생님은 매일 학교에서 좋은 책을 읽습니다 大韓民國"], {}, False),
    ],
)  # fmt: skip
def test_script(
    row: Any, code: str, turns: list[str], columns: dict[str, Any], removed: bool
) -> None:
    expected = "other script" if removed else None
    assert why(script(code, 0.6)(row(*turns, **columns))) == expected


@pytest.mark.parametrize(
    ("language", "answer", "removed"),
    [
        ("eng", "I'm sorry, but I can't help with that.", True),
        ("swh", "I’m sorry, but I cannot do this.", True),  # teachers fall back on English
        ("swh", "Samahani, siwezi kusaidia na hilo.", True),
        ("swh", "Kama modeli ya lugha, sina maoni.", True),
        ("yor", "Samahani, siwezi kusaidia na hilo.", False),  # not a phrase of this language
        ("swh", "Samahani kwa kuchelewa, rafiki.", False),
        ("zho", "很抱歉，我无法回答。", True),
        ("swh", LONG + " " + LONG + " " + LONG + " kama modeli ya lugha", False),  # not the start
    ],
)
def test_refusals(row: Any, language: str, answer: str, removed: bool) -> None:
    limit = refusals.refusal(refusals.phrases(language), 30)
    assert why(limit(row("Swali?", answer))) == ("refusal" if removed else None)
    assert limit(row(answer, "Jibu")) is None, "a prompt may quote one"


def test_copies(row: Any) -> None:
    limit = copied(0.9)
    assert why(limit(row(LONG, LONG.upper() + "!"))) == "copied prompt"
    assert limit(row(LONG, "Mwalimu anasoma kitabu.")) is None
    assert limit(row(f"{LONG} Fupisha.", f"{LONG}. {SWAHILI} Hivyo ndivyo ilivyo kwake.")) is None
    assert limit(row("Dar es Salaam", "Dar es Salaam")) is None, "names are said again"
    english = "The teacher reads a good book at school every day, early in the morning."
    assert why(limit(row(english, "Sawa", original=[english, "OK"]))) == "not translated"
    code = f"```\n{'x = [1, 2, 3]; print(x)' * 4}\n```"
    assert limit(row(f"Eleza: {code}", "Ni orodha", original=[f"Explain: {code}", "A"])) is None


def test_repetition(row: Any) -> None:
    loop = "Ndiyo, ninakubali kabisa na wewe. " * 30
    prose = " ".join(f"Sentensi ya {n * 7919} ina maneno {n * 104729} tofauti." for n in range(9))
    half = prose + loop[: 2 * len(prose)]
    for limit, label in (
        (repetition.repeated(0.5), "repetition"),
        (repetition.compressed(0.15), "loop"),
    ):
        assert why(limit(row("Swali", loop))) == label
        assert why(limit(row("Swali", "Jibu", reasoning=loop))) == label
        assert limit(row("Swali", prose)) is None
        assert limit(row("Swali", "ha " * 20)) is None, "short"
        assert limit(row(loop, "Jibu")) is None, "a prompt may be odd"
    assert why(repetition.repeated(0.5)(row("Swali", half))) == "repetition"


@pytest.mark.parametrize(
    ("original", "turn", "reason"),
    [
        ("It cost 1,250 dollars in 1998.", "Iligharimu dola 1250 mwaka 1998.", None),
        ("It cost 1,250 dollars in 1998.", "Iligharimu dola nyingi mwaka huo.", "lost numbers"),
        ("In 2024 there were 35 of 120.", "በ፳፻፳፬ ከ120 ውስጥ 35 ነበሩ።", None),  # two of three
        ("It was 2024.", "سال ۲۰۲۴ بود.", None),  # other digits
        ("On May 5 2010 we met.", "Tulikutana tarehe 5 Mei 2010.", None),
        ("We met on 12 05 2010.", "Tulikutana Mei 12, 2010, saa 05.", None),
        ("We met in 2010.", "Tulikutana 5 2010.", None),
        ("It cost 1,250,000.50 dollars.", "Iligharimu dola 1 250\u202f000,50.", None),
        ("It cost 1250 dollars.", "Iligharimu 1\u00a0250.", None),
        ("Call 2010 500.", "Piga 500, kisha 2010.", None),
        ("There were 3 of them.", "Walikuwa watatu.", None),  # small numbers become words
        ("See https://a.org/x, please.", "Tazama https://a.org/x tafadhali.", None),
        ("See https://a.org/x, please.", "Tazama tovuti tafadhali.", "lost URLs"),
        ("Use `print` here.", "Tumia `print` hapa.", None),
        ("Use `print` here.", "Tumia chapisha hapa.", "lost code"),
        (
            "Do:\n```python\nx = f(1)\n# add\n```",
            "Fanya:\n```python\nx = f(1)\n# ongeza\n```",
            None,
        ),
        ("Do:\n```python\nx = f(1)\n```", "Fanya hivyo.", "lost code"),
    ],
)
def test_what_translations_must_keep(
    row: Any, original: str, turn: str, reason: str | None
) -> None:
    assert why(kept_tokens.kept(0.5)(row(turn, original=[original]))) == reason


def test_invented_urls(row: Any) -> None:
    limit = kept_tokens.invented_urls(0)
    removal = limit(row("Habari?", "Soma https://uongo.example/ukurasa."))
    assert removal == ("invented URL", "https://uongo.example/ukurasa")
    assert limit(row("Eleza https://a.org/x", "Ukurasa wa https://a.org/x.")) is None
    assert (
        limit(row("Habari?", "Soma https://a.org", original=["News?", "Read https://a.org"]))
        is None
    )
    assert kept_tokens.invented_urls(1)(row("Habari?", "Soma https://a.org")) is None


def check(name: str, *judge: bool | None, back: float | None = None) -> dict[str, Any]:
    verdict = dict(zip(["correct", "complete", "language"], judge, strict=True)) if judge else None
    which = "judge" if judge else "round_trip"
    return {"id": name, "check": which, "judge": verdict, "round_trip": back, "failure": None}


def lost(which: str, failure: str) -> dict[str, Any]:
    return {**check(f"lost-{failure}"), "check": which, "failure": failure}


CHECKS = [
    check("a", False, True, True),
    check("b", True, None, True),
    check("c", True, True, False),
    check("d", back=12.0),
    check("e", back=70.0),
]


def test_the_teachers_own_checks(row: Any) -> None:
    checked = verdicts.read(CHECKS, ["correct", "complete", "language"], 30.0)
    judged, back = (verdicts.listed(checked[name].faults) for name in ("judge", "round_trip"))
    found = {
        name: why(judged(row("x", id=name))) or why(back(row("x", id=name))) for name in "abcdef"
    }
    assert found == {
        "a": "not correct", "b": None, "c": "not in the language", "d": "lost on the way back",
        "e": None, "f": None,
    }  # fmt: skip
    none = verdicts.Checked()
    assert verdicts.read(CHECKS, ["complete"], None) == {"judge": none, "round_trip": none}
    assert verdicts.read([], ["complete"], 30.0) == {}, "nobody was asked"


def test_a_check_that_failed_is_no_verdict() -> None:
    failed = [lost("judge", "format"), lost("judge", "http 503"), lost("judge", "format")]
    checked = verdicts.read([*CHECKS, *failed, lost("round_trip", "length")], ["correct"], 30.0)
    assert {name: list(one.faults) for name, one in checked.items()} == {
        "judge": ["a"], "round_trip": ["d"],
    }  # fmt: skip
    assert checked["judge"].note("judged") == "3 rows were not judged: format 2, http 503 1"
    back = checked["round_trip"].note("translated back")
    assert back == "1 rows were not translated back: length 1"
    assert verdicts.Checked().note("judged") == ""
    earlier = {key: value for key, value in failed[0].items() if key != "check"}
    assert verdicts.read([earlier], ["correct"], 30.0) == {}


def test_exact_duplicates_are_equal_to_the_letter(row: Any) -> None:
    limit = exact_duplicate()
    assert limit(row("Habari", "Nzuri")) is None
    assert why(limit(row("Habari", "Nzuri", id="row-2"))) == "exact duplicate"
    assert limit(row("Habari", "nzuri")) is None


def test_near_duplicates_name_the_row_that_stays(row: Any) -> None:
    other = "Samaki wanaogelea baharini karibu na mashua za wavuvi wa kijiji chetu"
    changed = LONG.replace("kizuri", "kipya")
    rows = [
        row(text, id=text[:9] + str(n)) for n, text in enumerate([LONG, other, changed, changed])
    ]
    index = NearDuplicates(0.7)
    assert list(index.watch(rows)) == rows
    limit = near_duplicate(index.found())
    assert [limit(item) for item in rows] == [
        None, None, ("near duplicate", rows[0]["id"]), ("near duplicate", rows[0]["id"]),
    ]  # fmt: skip
    assert NearDuplicates(0.7).found() == {}


def test_different_questions_about_one_text_are_no_near_duplicates(row: Any) -> None:
    text = f"{LONG}. {SWAHILI} Samaki wanaogelea baharini karibu na mashua za wavuvi."
    index = NearDuplicates(0.65)
    rows = [
        row(f"{text} Nani anasoma?", "Mwalimu ndiye anayesoma kitabu."),
        row(f"{text} Samaki wako wapi?", "Wako baharini, karibu na mashua."),
        row(f"{text} Nani anasoma sasa?", "Mwalimu ndiye anayesoma kitabu!"),
    ]
    list(index.watch(rows))
    assert index.found() == {2: 0}


def test_words_of_other_scripts() -> None:
    assert words("Jina lako ni NANI?") == ("jina", "lako", "ni", "nani")
    assert words("ሰላም፣ ዓለም!") == ("ሰላም", "ዓለም")
    assert words("हिन्दी में") == ("हिन्दी", "में"), "vowel signs belong to words"
    assert words("KIŞI kışı") == ("kişi", "kişi")


@pytest.mark.parametrize(
    ("seen", "meant"),
    [
        ("\u0420\u0430ris", "Paris"),  # Cyrillic letters
        ("\u00c8d\u00e8 Yor\u00f9b\u00e1", "ede yoruba"),
        ("g\u00adi\u200bv\ufe0fe", "give"),
        ("\u0661\u0669 \u0967 \uff12", "19 1 2"),
        ("\u0645\u064f\u062d\u064e\u0645\u0651\u064e\u062f", "\u0645\u062d\u0645\u062f"),
        ("ሐይማኖት ዓለም", "ሀይማኖት ኣለም"),
        ("KIŞI kışı", "kisi kisi"),
        ("हिन्दी की", "हिन्दी की"),  # vowel signs are no disguise
        ("かが", "かが"),
    ],
)
def test_disguises(seen: str, meant: str) -> None:
    assert undisguised(seen) == undisguised(meant)
    assert undisguised("かき") != undisguised("がき")
