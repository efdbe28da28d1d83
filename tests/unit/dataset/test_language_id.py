"""Language identification, with a small fastText model of real text and with py3langid."""

import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import real_texts
from limbeck.config import LanguageFilter
from limbeck.dataset.filter_rows import language_step
from limbeck.dataset.filters import language_id
from limbeck.dataset.filters.script_share import script
from limbeck.errors import UserError
from limbeck.languages import resolve
from world import hub

# Known to be hard to tell apart: reported, not asserted.
CONFUSABLE = [("hrv_Latn", "bos_Latn"), ("ind_Latn", "zsm_Latn"), ("kin_Latn", "run_Latn"),
              ("nob_Latn", "dan_Latn"), ("xho_Latn", "zul_Latn")]  # fmt: skip
DISTINCT = ["swh_Latn", "kin_Latn", "yor_Latn", "eng_Latn", "tur_Latn", "vie_Latn", "ckb_Arab",
            "pes_Arab", "hin_Deva", "npi_Deva", "tat_Cyrl", "rus_Cyrl", "amh_Ethi",
            "tir_Ethi"]  # fmt: skip


def settings(model: str | None) -> LanguageFilter:
    return LanguageFilter(model=model, revision=None, confidence=0.3, share=0.5, letters=30)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fastText model trained on the spot on SIB-200's training sentences."""
    import fasttext

    folder = tmp_path_factory.mktemp("identifier")
    codes = sorted({*DISTINCT, *(code for pair in CONFUSABLE for code in pair)})
    lines = [
        f"__label__{code} {' '.join(text.split())}\n"
        for code in codes
        for text in real_texts.sib(code, "train")[:500]
    ]
    random.Random(1).shuffle(lines)
    text = folder / "train.txt"
    text.write_text("".join(lines), encoding="utf-8")
    trained = fasttext.train_supervised(
        str(text), minn=2, maxn=4, dim=16, epoch=8, lr=0.8, bucket=50_000, thread=2, verbose=0
    )
    path = folder / "model.bin"
    trained.save_model(str(path))
    return path


def kept_share(identifier: Any, code: str, texts: tuple[str, ...], wanted: LanguageFilter) -> float:
    own = language_id.own_labels(identifier, resolve(code).card())
    verdicts = [language_id.judged(text, identifier, own, wanted) for text in texts]
    return sum(v is None or v[0] >= wanted.share for v in verdicts) / len(verdicts)


def test_a_model_of_fasttext_tells_languages_apart(model: Path) -> None:
    wanted = settings(str(model))
    identifier = language_id.load(wanted)
    tests = {code: real_texts.sib(code)[:60] for code in DISTINCT}
    kept = [kept_share(identifier, code, tests[code], wanted) for code in DISTINCT]
    wrong = [
        kept_share(identifier, code, tests[other], wanted)
        for code in DISTINCT
        for other in DISTINCT
        if other != code
    ]
    assert sum(kept) / len(kept) >= 0.99, dict(zip(DISTINCT, kept, strict=True))
    assert sum(wrong) / len(wrong) <= 0.01
    for code, other in CONFUSABLE:
        passed = kept_share(identifier, code, real_texts.sib(other)[:60], wanted)
        print(f"{other} passes for {code}: {passed:.0%}")


class Knows:
    """A model with labels alone."""

    def __init__(self, *labels: str) -> None:
        self.labels = frozenset(labels)

    def probabilities(self, line: str) -> dict[str, float]:
        return {}


@pytest.mark.parametrize(
    ("code", "labels", "own"),
    [
        ("swh_Latn", ("sw", "en"), {"sw"}),
        ("swh_Latn", ("swh_Latn", "swh_Arab", "eng_Latn"), {"swh_Latn"}),
        ("yor_Latn", ("sw", "en"), set()),
        ("ace_Arab", ("ace", "ar"), set()),  # Acehnese is usually in Latin
        ("arz_Arab", ("ar", "arz", "fa"), {"ar", "arz"}),
        ("arb_Arab", ("arz_Arab", "arb_Arab", "arb_Latn", "fas_Arab"), {"arz_Arab", "arb_Arab"}),
        ("zho_Hant", ("zh", "yue", "ja"), {"zh", "yue"}),
        ("ind_Latn", ("id", "ms", "jv"), {"id", "ms"}),
        ("srp_Cyrl", ("srp_Cyrl", "hrv_Latn"), {"srp_Cyrl"}),
    ],
)
def test_the_labels_of_a_language(code: str, labels: tuple[str, ...], own: set[str]) -> None:
    assert language_id.own_labels(Knows(*labels), resolve(code).card()) == own


def test_the_filter_and_its_reasons(model: Path, row: Any, capsys: Any) -> None:
    english, swahili = real_texts.sib("eng_Latn"), real_texts.sib("swh_Latn")
    from limbeck.config import Filters

    section: Any = Filters.model_construct(romanised=False, language=settings(str(model)))
    step = language_step(section, resolve("Swahili").card())
    assert not step.idle
    revised = {"strategy": "context", "kind": "revised:longer"}
    cases = [
        (row(swahili[0], swahili[1]), None),
        (row(swahili[0], english[1]), "eng_Latn"),
        (row(english[0], swahili[1]), "eng_Latn"),
        (row(swahili[0], swahili[1], reasoning=english[2]), None),  # reasoning is free
        (row(swahili[0], "OK, thank you!"), None),  # too short to say
        (row(swahili[0], f"{swahili[1]}\n{english[2][:60]}\n{swahili[3]}"), None),
        (row(swahili[0], f"{english[1]}\n{english[2]}\n{swahili[3][:60]}"), "eng_Latn"),
        (row(swahili[0], english[1], strategy="context", kind="translate"), None),
        (row(swahili[0], english[1], **revised, asked="translate"), None),
        (row(swahili[0], english[1], **revised, asked="answer"), "eng_Latn"),
    ]
    assert [(reason := step.reason(item)) and reason.found for item, _ in cases] == [
        found for _, found in cases
    ]


def test_py3langid_knows_its_languages(row: Any) -> None:
    wanted = settings("py3langid")
    identifier = language_id.load(wanted)
    assert identifier is not None
    kept, wrong = Counter[bool](), Counter[bool]()
    for code, other in [
        ("swh_Latn", "eng_Latn"),
        ("amh_Ethi", "swh_Latn"),
        ("kin_Latn", "yor_Latn"),
    ]:
        own = language_id.own_labels(identifier, resolve(code).card())
        assert own
        for right, foreign in zip(
            real_texts.sib(code)[:40], real_texts.sib(other)[:40], strict=True
        ):
            for counts, text in ((kept, right), (wrong, foreign)):
                verdict = language_id.judged(text, identifier, own, wanted)
                counts[verdict is None or verdict[0] >= wanted.share] += 1
    assert kept[True] >= 0.95 * kept.total(), kept
    assert wrong[True] <= 0.05 * wrong.total(), wrong


FETCH = """
import sys
from limbeck.dataset.filters.language_id import load
from limbeck.errors import UserError
from limbeck.config import LanguageFilter

try:
    model, revision = sys.argv[1], sys.argv[2] or None
    wanted = LanguageFilter(model=model, revision=revision, confidence=0.3, share=0.5, letters=30)
    print(sorted(load(wanted).labels))
except UserError as error:
    print(error)
"""


def test_a_model_of_the_hub(model: Path, tmp_path: Path) -> None:
    commit = "a" * 40
    with hub.serving({"cis-lmu/glotlid": {commit: model.parent}}) as served:
        environment = {**os.environ, "HF_ENDPOINT": served.url, "HF_HOME": str(tmp_path)}

        def fetched(*arguments: str) -> str:
            command = [sys.executable, "-c", FETCH, *arguments]
            done = subprocess.run(command, env=environment, capture_output=True, text=True)
            return done.stdout.strip()

        labels = fetched("cis-lmu/glotlid", commit)
        assert "swh_Latn" in labels
        assert fetched("cis-lmu/glotlid", "") == labels
        said = fetched("nobody/nothing", "")
    assert said.startswith("filters.language.model: nobody/nothing: no model.bin from the hub")
    assert "\n" not in said


@pytest.mark.parametrize(
    ("model_name", "language", "message"),
    [
        (None, "Swahili", "names no model"),
        ("py3langid", "Tigrinya", "py3langid does not know Tigrinya"),
    ],
)
def test_without_a_model_it_is_off_and_says_so(
    model_name: str | None, language: str, message: str
) -> None:
    from limbeck.config import Filters

    section: Any = Filters.model_construct(romanised=False, language=settings(model_name))
    step = language_step(section, resolve(language).card())
    assert message in step.idle
    assert str(step) == f"language: not run ({step.idle})"


@pytest.mark.parametrize(
    ("language", "note"),
    [
        ("Amharic", "py3langid does not know Tigrinya, and lets it pass"),
        ("Swahili", "other languages in this script, and lets it pass"),
        ("Thai", ""),
    ],
)
def test_neighbours_that_the_model_does_not_know_are_named(language: str, note: str) -> None:
    from limbeck.config import Filters

    section: Any = Filters.model_construct(romanised=False, language=settings("py3langid"))
    step = language_step(section, resolve(language).card())
    assert step.report()["note"].endswith(note)
    assert bool(step.note) == bool(note)


def test_a_line_whose_likeliest_language_is_its_own_is_right() -> None:
    class Unsure:
        labels = frozenset(("sw", "en", "fr"))

        def probabilities(self, line: str) -> dict[str, float]:
            return {"sw": 0.2, "en": 0.1}

    line = "Rais afungua kiwanda cha sukari mkoani Morogoro"
    assert language_id.judged(line, Unsure(), frozenset(["sw"]), settings("x")) == (1.0, "")


def test_a_wrong_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"filters.language.model: .*there is no such file"):
        language_id.load(settings(str(tmp_path / "none.bin")))
    (tmp_path / "bad.bin").write_bytes(b"no model of anything")
    with pytest.raises(UserError, match="no model of fastText"):
        language_id.load(settings(str(tmp_path / "bad.bin")))


# "How are you, my friend? I am fine, praise God, and tomorrow I go to the market with my brother."
ARABIZI = "Labas 3lik a sahbi? Ana mzyan lhamdoullah, w ghadda ghadi nmchi l souk m3a khouya."
DARIJA = "لاباس عليك أ صاحبي؟ أنا مزيان الحمد لله، وغدا غادي نمشي للسوق مع خويا."
ENGLISH = "How are you, my friend? I am fine, and tomorrow I will go to the market."
FRENCH = "Comment vas-tu, mon ami ? Je vais bien, et demain je vais au marché avec mon frère."


class Known:
    """A model that is sure of a line's language, by its name."""

    def __init__(self, **named: str) -> None:
        self.named = named
        self.labels = frozenset(named.values()) | {"arb_Arab"}

    def probabilities(self, line: str) -> dict[str, float]:
        texts = {"arabizi": ARABIZI, "darija": DARIJA, "english": ENGLISH, "french": FRENCH}
        [name] = [name for name, text in texts.items() if text == line]
        return {self.named[name]: 0.9}


SPELT = [
    # Without a label for it, what is not English passes; with one, it alone does.
    (Known(arabizi="som_Latn", darija="ary_Arab", english="eng_Latn", french="fra_Latn"),
     {"arabizi": True, "darija": True, "english": False, "french": True}),
    (Known(arabizi="ary_Latn", darija="ary_Arab", english="eng_Latn", french="fra_Latn"),
     {"arabizi": True, "darija": True, "english": False, "french": False}),
]  # fmt: skip


@pytest.mark.parametrize(("identifier", "kept"), SPELT)
def test_moroccan_arabic_in_latin_letters_is_a_choice(
    identifier: Known, kept: dict[str, bool]
) -> None:
    card = resolve("Moroccan Arabic").card()
    own = language_id.own_labels(identifier, card)
    latin = language_id.romanised(identifier, card)
    texts = {"arabizi": ARABIZI, "darija": DARIJA, "english": ENGLISH, "french": FRENCH}
    for name, text in texts.items():
        row = {"messages": [{"role": "assistant", "content": text}]}
        chosen = language_id.language(identifier, own, settings("x"), latin)(row)
        assert (chosen is None) == kept[name], name
        strict = language_id.language(identifier, own, settings("x"))(row)
        assert (strict is None) == (name == "darija"), name
        assert (script("Arab", 0.6)(row) is None) == (name == "darija")
        assert script("Arab", 0.6, romanised=True)(row) is None
