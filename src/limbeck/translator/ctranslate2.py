"""CTranslate2: neural models of many languages, NLLB, M2M-100 and MADLAD (opennmt.net/CTranslate2).

A model is a folder, or a repository of the hub, of a converted model with its SentencePiece file.
Its name is followed by the language's label in that model: ``nllb-600M:epo_Latn``, ``m2m:eo``.
"""

import json
import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from limbeck.errors import UserError
from limbeck.sources.texts import SENTENCE_END

# How models write a label as a token, and what English is called there.
_TOKENS = (("{}", "eng_Latn"), ("__{}__", "en"), ("<2{}>", "en"))
_IN_SOURCE = "<2{}>"  # the target's label is the first token of the source; else of the target
_VOCABULARY = "shared_vocabulary.json"
_END = "</s>"
# Tokens of a translation; most models have no place for 1,024, of a source neither.
_LEAST, _MOST = 256, 1000
# English full stops at which no sentence ends: of titles and the like, before a number, of letters
# with points between them before a small letter, of initials that begin a sentence or follow one.
_ABBREVIATION = re.compile(
    r"\b(?:Mrs?|Ms|Messrs|Dr|Prof|Rev|St|Gen|Col|Capt|Lt|Sgt|Gov|Sen|Rep|Hon|vs|cf|e\.g|i\.e)\."
    r"|\b(?:[Nn]os?|[Vv]ols?|[Ff]igs?|pp?|c|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.(?= \d)"
    r"|\b(?:[A-Za-z]{1,2}\.)+[A-Za-z]\.(?= [a-z])"
    r"|(?:^|(?<=\. ))[A-Z]\.(?= [A-Z])"
)


class CTranslate2:
    """A model, between English and one language."""

    def __init__(self, model: str) -> None:
        """Load the model.

        Raises:
            UserError: the libraries are not installed, or the model is none, or does not know the
                language.
        """
        try:
            import ctranslate2
            import sentencepiece
        except ModuleNotFoundError as error:
            raise UserError(f"{error.name} is not installed; pip install {error.name}") from None

        name, label = split(model)
        folder = _folder(name)
        form, english = check(folder, label)
        self._labels = (form.format(english), form.format(label))
        self._in_source = form == _IN_SOURCE
        try:
            [pieces] = [path for path in folder.glob("*.model") if path.name != "model.bin"]
            self._pieces: Any = sentencepiece.SentencePieceProcessor(model_file=str(pieces))
            self._model: Any = ctranslate2.Translator(str(folder), device="auto")
        except (ValueError, RuntimeError, OSError) as error:
            reason = " ".join(str(error).split())[:200]
            raise UserError(
                f"{folder}: no model of CTranslate2 with its *.model ({reason})"
            ) from None

    def translate(self, lines: Sequence[str], back: bool) -> list[str | None]:
        """Each line translated, sentence by sentence.

        None where one comes to no end, or is too long: the library would cut it and say nothing.
        """
        source, target = self._labels[::-1] if back else self._labels
        split_lines = [sentences(line) for line in lines]
        first = target if self._in_source else source
        tokens = [
            [first, *self._pieces.encode(sentence, out_type=str), _END]
            for parts in split_lines
            for sentence in parts
        ]
        fitting = [sentence for sentence in tokens if len(sentence) <= _MOST]
        prefix = None if self._in_source else [[target]] * len(fitting)
        found = self._model.translate_batch(
            fitting,
            target_prefix=prefix,
            beam_size=2,
            max_batch_size=2048,
            batch_type="tokens",
            max_decoding_length=bound(fitting),
            return_end_token=True,
        )
        whole = iter([self._said(result.hypotheses[0]) for result in found])
        said = (next(whole) if len(sentence) <= _MOST else None for sentence in tokens)
        return [_joined([next(said) for _ in parts]) for parts in split_lines]

    def _said(self, tokens: list[str]) -> str | None:
        """The text of a translation; None where it comes to no end."""
        if tokens[-1:] != [_END]:
            return None
        own = [token for token in tokens if token not in (*self._labels, "<unk>", _END)]
        return str(self._pieces.decode(own))


def _joined(parts: Sequence[str | None]) -> str | None:
    whole = [part for part in parts if part is not None]
    return " ".join(whole).strip() if len(whole) == len(parts) else None


def bound(sources: Sequence[Sequence[str]]) -> int:
    """The tokens that translations may have, which only one that repeats itself has."""
    return min(_MOST, max(_LEAST, 3 * max(map(len, sources), default=0)))


def sentences(line: str) -> list[str]:
    """All of a line, sentence by sentence: these models leave out what follows the first.

    >>> sentences('He said "Go." Then Mr. A. Lee left. (See below.) End')
    ['He said "Go."', 'Then Mr. A. Lee left.', '(See below.)', 'End']
    """
    goes_on = {match.end() for match in _ABBREVIATION.finditer(line)}
    ends = (match.end() for match in SENTENCE_END.finditer(line) if match.end() not in goes_on)
    parts = [line[start:end].strip() for start, end in pairwise((0, *ends, len(line)))]
    return [part for part in parts if part]


def split(model: str) -> tuple[str, str]:
    """The folder or repository of a model, and the language's label.

    Raises:
        UserError: there is no label.
    """
    name, colon, label = model.rpartition(":")
    if not (colon and name and label):
        raise UserError(
            f"{model!r} names no language: a model of CTranslate2 is followed by the language's "
            "label, such as :{code} for NLLB or :{iso639_1} for M2M-100 and MADLAD"
        )
    return name, label


def check(folder: Path, label: str) -> tuple[str, str]:
    """How the model in a folder writes labels, and what it calls English.

    Raises:
        UserError: it is no such model, or does not know the label.
    """
    path = folder / _VOCABULARY
    try:
        vocabulary = set(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise UserError(f"{path}: cannot be read ({error}); a converted model has it") from None
    for form, english in _TOKENS:
        if {form.format(label), form.format(english)} <= vocabulary:
            return form, english
    raise UserError(f"{folder}: the model does not know the language {label!r}")


def _folder(name: str) -> Path:
    path = Path(name).expanduser()
    if path.is_dir():
        return path
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name))
    except Exception as error:  # the hub's client raises many kinds, none of them ours
        line = " ".join(str(error).split())[:200] or type(error).__name__
        raise UserError(
            f"{name}: neither a folder here nor fetched from the hub ({line})"
        ) from None
