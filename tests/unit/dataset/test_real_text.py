"""Filters on real text: what they keep, what they catch, and what they take by mistake."""

import random
import re
import string
import unicodedata
from collections import Counter

import pytest

import real_texts
from limbeck.dataset.filters.decontaminate import held_out
from limbeck.dataset.filters.duplicates import NearDuplicates
from limbeck.dataset.held_out import HeldOut
from limbeck.dataset.texts import prose
from limbeck.languages.scripts import script_share

LEAST = 0.6  # filters.script of the default config
NEAR = 0.65  # filters.near_duplicates, for a real teacher
SENTENCES = 30  # of each language


def right(text: str, script: str) -> bool:
    share = script_share(prose(text), script)
    return share is None or share >= LEAST


def test_script_of_real_sentences() -> None:
    """At least 99.5% of right text is kept and of other scripts' dropped; 48 languages."""
    scripts = {code[-4:] for code in real_texts.LANGUAGES}
    kept, dropped = Counter[bool](), Counter[bool]()
    for code in real_texts.LANGUAGES:
        for text in real_texts.sib(code)[:SENTENCES]:
            kept[right(text, code[-4:])] += 1
        for text in real_texts.sib(code)[SENTENCES : SENTENCES + 8]:
            for other in scripts - {code[-4:]}:
                dropped[not right(text, other)] += 1
    assert len(scripts) >= 25
    assert kept[True] >= 0.995 * kept.total(), kept
    assert dropped[True] >= 0.995 * dropped.total(), dropped


def other_case(text: str, rng: random.Random) -> str:
    """The text with other letters in upper case and other punctuation and white space."""
    mixed = "".join(char.upper() if rng.random() < 0.5 else char.lower() for char in text)
    bare = "".join(" " if char in string.punctuation else char for char in mixed)
    return re.sub(" +", rng.choice(["  ", " , ", "\n", " - "]), bare)


def test_planted_contamination_is_caught() -> None:
    """Verbatim, in other case and punctuation, in a longer answer: all; half a sentence: 95%."""
    rng = random.Random(1)
    caught, planted = Counter[str](), Counter[str]()
    for code in real_texts.LANGUAGES:
        items = real_texts.sib(code)[:SENTENCES]
        clean = real_texts.sib(code, "train")[: 2 * SENTENCES]
        known = HeldOut({"text": text} for text in items)
        for number, text in enumerate(items):
            before, after = clean[2 * number : 2 * number + 2]
            middle = len(text) // 2
            forms = {
                "verbatim": text,
                "case": other_case(text, rng),
                "inside": f"{before} {text} {after}",
                "half": text[:middle] if number % 2 else text[middle:],
                "clean": before,
            }
            for form, plant in forms.items():
                planted[form] += 1
                caught[form] += known.hit(plant) is not None
    share = {form: caught[form] / planted[form] for form in planted}
    assert share["verbatim"] == share["case"] == share["inside"] == 1.0, share
    assert share["half"] >= 0.95, share
    assert share["clean"] <= 0.001, share


def test_clean_english_instructions_are_left_alone() -> None:
    """Of the 15,011 rows of Dolly 0.1% at most are taken for FLORES and SIB-200 items."""
    texts = [*real_texts.flores("eng_Latn"), *real_texts.sib("eng_Latn")]
    known = HeldOut({"text": text} for text in texts)
    rows = real_texts.dolly()
    parts = ("instruction", "context", "response")
    hits = {
        number: found
        for number, row in enumerate(rows)
        for found in filter(None, (known.hit(row[part]) for part in parts))
    }
    assert len(rows) == 15_011
    assert len(hits) <= 0.001 * len(rows), hits


def stretched(text: str, signs: str, rng: random.Random) -> str:
    """The text with signs among its letters."""
    return "".join(char + (rng.choice(signs) if rng.random() < 0.3 else "") for char in text)


# Letters that look like others, and Ethiopic ones that sound alike.
ALIKE = str.maketrans("aeopcxiyيكىهሰሀአጸሲስሃህ", "аеорсхіуیکیہሠሐዐፀሢሥሓሕ")
OTHER_DIGITS = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
DISGUISES = {
    "without marks": lambda text, rng: "".join(
        char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char)
    ),
    "with marks": lambda text, rng: stretched(text, "\u0301\u0308\u0323", rng),
    "with unseen signs": lambda text, rng: stretched(text, "\u200b\u00ad\ufe0f\u2060", rng),
    "digits of another script": lambda text, rng: text.translate(OTHER_DIGITS),
    "letters that look alike": lambda text, rng: text.translate(ALIKE),
    "other case": other_case,
    "without spaces": lambda text, rng: text.replace(" ", ""),
}  # fmt: skip


@pytest.mark.parametrize("code", ["swh_Latn", "yor_Latn", "amh_Ethi", "arb_Arab"])
def test_benchmark_text_is_found_in_every_disguise(code: str) -> None:
    """Of 200 items 97% are found; of the other sentences of the benchmark none."""
    rng = random.Random(4)
    sentences = real_texts.flores(code)
    items, others = sentences[:200], sentences[200:]
    known = HeldOut({"text": text} for text in items)
    for name, disguise in DISGUISES.items():
        caught = sum(known.hit(disguise(text, rng)) is not None for text in items)
        assert caught >= 0.97 * len(items), name
    assert sum(known.hit(text) is not None for text in others) <= 0.001 * len(others)
    look = held_out(known)
    split = 0
    for text in items:
        words = text.split()
        halves = (" ".join(words[: len(words) // 2]), " ".join(words[len(words) // 2 :]))
        messages = [{"role": "user", "content": half} for half in halves]
        split += look({"messages": messages, "reasoning": None}) is not None
    assert split >= 0.97 * len(items), "over two turns"


@pytest.mark.parametrize("name", ["swa", "yor", "amh"])
def test_news_are_no_benchmark_text(name: str) -> None:
    code = {"swa": "swh_Latn", "yor": "yor_Latn", "amh": "amh_Ethi"}[name]
    texts = [*real_texts.flores(code), *real_texts.sib(code), *real_texts.sib(code, "train")]
    known = HeldOut({"text": text} for text in texts)
    lines = real_texts.news(name)[:3000]
    assert sum(known.hit(line) is not None for line in lines) <= 0.001 * len(lines)


def one_word_changed(text: str, code: str, words: list[str], rng: random.Random) -> str:
    if code == "tha_Thai":  # no spaces: other letters in place of some
        start = rng.randrange(len(text) - 6)
        return text[:start] + rng.choice(words)[:6] + text[start + 6 :]
    between = "་" if code == "bod_Tibt" else " "
    parts = text.split(between)
    place = rng.randrange(len(parts))
    parts[place] = rng.choice([word for word in rng.sample(words, 9) if word != parts[place]])
    return between.join(parts)


@pytest.mark.parametrize("code", ["swh_Latn", "eng_Latn", "amh_Ethi", "tha_Thai", "bod_Tibt"])
def test_near_duplicates_of_real_sentences(code: str) -> None:
    """Of sentences with one word changed 95% are found, and nothing else is."""
    rng = random.Random(2)
    texts = [*real_texts.sib(code), *real_texts.sib(code, "train")[:96]]
    between = "་" if code == "bod_Tibt" else None
    words = [word for text in texts for word in text.split(between) if word]
    index = NearDuplicates(NEAR)
    for text in [*texts, *(one_word_changed(text, code, words, rng) for text in texts)]:
        index.add([text])
    found = index.found()
    right = sum(found.get(len(texts) + place) == place for place in range(len(texts)))
    assert right >= 0.95 * len(texts)
    assert right >= 0.99 * len(found), "precision"


@pytest.mark.parametrize("code", ["eng_Latn", "swh_Latn", "tha_Thai"])
def test_long_unrelated_texts_are_no_near_duplicates(code: str) -> None:
    """In 13,000 characters nearly every piece of three letters occurs."""
    sentences = [*real_texts.sib(code, "train")]
    index = NearDuplicates(NEAR)
    for start in range(0, 700, 100):
        index.add([" ".join(sentences[start : start + 100])])
    assert index.found() == {}
