"""Text in another language than the one that is wanted.

Models: GlotLID (or any other that fastText reads) from the hub or a file, or py3langid, which
comes with its model and knows about 140 languages.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from limbeck.config import LanguageFilter
from limbeck.dataset.filters.script_share import LATIN, answers_in_english
from limbeck.dataset.funnel import Reason, Removal
from limbeck.dataset.texts import prose, turns
from limbeck.errors import UserError
from limbeck.files import Row
from limbeck.languages import covered, languages
from limbeck.languages.scripts import script_share

_PREFIX = "__label__"
_NAMED = 8  # unknown languages; of more their number is told
_ENGLISH = {"eng_Latn", "eng", "en"}  # what a teacher falls back on
_BEST = 5  # labels that fastText is asked for; any other is improbable


class Identifier(Protocol):
    """A model that tells languages apart."""

    labels: frozenset[str]

    def probabilities(self, line: str) -> Mapping[str, float]:
        """The probable languages of a line, the most probable first."""


class FastText:
    """A model that fastText reads, such as GlotLID."""

    def __init__(self, path: Path | str) -> None:
        import fasttext

        try:
            self._model: Any = fasttext.load_model(str(path))
        except ValueError as error:
            raise UserError(
                f"filters.language.model: {path}: no model of fastText ({error})"
            ) from None
        self.labels = frozenset(label.removeprefix(_PREFIX) for label in self._model.labels)

    def probabilities(self, line: str) -> Mapping[str, float]:
        """As `Identifier` says."""
        labels, shares = self._model.predict(line, k=_BEST)
        names = (label.removeprefix(_PREFIX) for label in labels)
        return dict(zip(names, map(float, shares), strict=True))


class Langid:
    """py3langid's own model."""

    def __init__(self) -> None:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier

        self._model: Any = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
        self.labels = frozenset(self._model.labels)

    def probabilities(self, line: str) -> Mapping[str, float]:
        """As `Identifier` says."""
        return dict(self._model.rank(line)[:_BEST])


def load(settings: LanguageFilter) -> Identifier | None:
    """The identifier that the config names, or None.

    Raises:
        UserError: there is no such file, or the hub does not answer.
    """
    if settings.model is None:
        return None
    if settings.model == "py3langid":
        return Langid()
    path = Path(settings.model).expanduser()
    if path.suffix not in {".bin", ".ftz"}:
        path = _fetched(settings.model, settings.revision)
    elif not path.is_file():
        raise UserError(f"filters.language.model: {path}: there is no such file")
    return FastText(path)


def _fetched(repository: str, revision: str | None) -> Path:
    from huggingface_hub import hf_hub_download

    try:
        return Path(hf_hub_download(repository, "model.bin", revision=revision))
    except Exception as error:  # the hub's clients raise many kinds, none of them ours
        line = str(error).strip().split("\n")[0]
        raise UserError(
            f"filters.language.model: {repository}: no model.bin from the hub ({line}); name a "
            ".bin file, 'py3langid', or null to go without"
        ) from None


def own_labels(identifier: Identifier, card: Row) -> frozenset[str]:
    """The labels by which a model knows a language: none if it does not.

    With those of its relatives, the members of one macrolanguage of ISO 639-3 (the Arabics, the
    Chineses, Malay and Indonesian, Croatian and Bosnian): a line of one is often named as another.
    """
    names = [covered(card, "glotlid"), card["code"], f"{card['iso639_3']}_{card['script']}"]
    # A label without a script means the usual one; py3langid's Chinese means both.
    if "-" not in card["bcp47"] or card["script"] in ("Hans", "Hant"):
        names += [card["iso639_3"], card["bcp47"], card["iso639_1"]]
    own = next((name for name in names if name in identifier.labels), None)
    if own is None:
        return frozenset()
    _, separator, script = own.partition("_")
    wanted = _macrolanguage(own)
    return frozenset(
        label
        for label in identifier.labels
        if label == own
        or (_macrolanguage(label) == wanted and label.endswith(f"{separator}{script}"))
    )


def romanised(identifier: Identifier, card: Row) -> frozenset[str]:
    """The labels by which a model knows a language, or its relatives, in Latin letters."""
    wanted = _macrolanguage(str(card["iso639_3"]))
    return frozenset(
        label
        for label in identifier.labels
        if label.endswith(f"_{LATIN}") and _macrolanguage(label) == wanted
    )


def unknown_neighbours(identifier: Identifier, card: Row) -> str:
    """The other languages of the table in this script that a model does not know, in words.

    Their text passes for the language where it is like it: Tigrinya for Amharic.
    """
    names = [
        other.name
        for other in languages()
        if other.script == card["script"]
        and other.code != card["code"]
        and not own_labels(identifier, other.card())
    ]
    if len(names) > _NAMED:
        return f"{len(names)} other languages in this script"
    return ", ".join(names)


def _macrolanguage(label: str) -> str:
    """The macrolanguage of a label's language, in one form for ISO 639-1 and -3."""
    from langcodes.data_dicts import LANGUAGE_REPLACEMENTS, MACROLANGUAGES

    language = label.partition("_")[0]
    language = LANGUAGE_REPLACEMENTS.get(language, language)
    found: str = MACROLANGUAGES.get(language, language)
    return found


def judged(
    text: str,
    identifier: Identifier,
    own: frozenset[str],
    settings: LanguageFilter,
    any_latin: bool = False,
) -> tuple[float, str] | None:
    """The share of a text's letters that is in the language, and the most usual other language.

    None where no paragraph is long enough to be judged.

    Args:
        text: what is judged.
        identifier: the model.
        own: its labels of the language.
        settings: what is enough.
        any_latin: whether a paragraph in Latin letters is the language's, whatever the model takes
            it for but English.
    """
    right = total = 0
    others: dict[str, int] = {}
    for line in prose(text).splitlines():
        letters = sum(map(str.isalpha, line))
        if letters < settings.letters:
            continue
        found = identifier.probabilities(line)
        total += letters
        best = next(iter(found), "")  # the likeliest comes first
        known = best in own or sum(found.get(name, 0.0) for name in own) >= settings.confidence
        latin = any_latin and best not in _ENGLISH and (script_share(line, LATIN) or 0.0) > 0.5
        if known or latin:
            right += letters
        elif best:
            others[best] = others.get(best, 0) + letters
    if not total:
        return None
    return right / total, max(others, key=others.__getitem__, default="")


def language(
    identifier: Identifier,
    own: frozenset[str],
    settings: LanguageFilter,
    latin: frozenset[str] | None = None,
) -> Callable[[Row], Reason]:
    """A turn in another language; reasoning may be in any.

    ``latin``: where the language may be in Latin letters, too, the labels for that; without any,
    all but English is the language's in them.
    """
    any_latin = latin == frozenset()
    own = own | (latin or frozenset())

    def reason(row: Row) -> Reason:
        roles = ("system", "user") if answers_in_english(row) else ()
        for text in turns(row, *roles):
            verdict = judged(text, identifier, own, settings, any_latin)
            if verdict and verdict[0] < settings.share:
                return Removal("other language", verdict[1])
        return None

    return reason
