"""What the teacher is told: named templates in a YAML file that anybody may edit.

A template is plain text with placeholders in single braces, such as ``{language}``. There is no
other syntax: braces around anything but a lower-case word stand for themselves. Values go in last
and once, so braces inside data are never read as placeholders. Data goes in as quoted material
between tags that it cannot close.
"""

import difflib
import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from limbeck.errors import UserError
from limbeck.files import Row

# Every template may use these; what else it uses, it must use.
LANGUAGE_WORDS = (
    "language", "language_in_full", "endonym", "script", "speakers", "speakers_in_full"
)  # fmt: skip

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class Instructions:
    """The checked templates of one file."""

    path: Path
    templates: Mapping[str, str]

    def render(
        self,
        name: str,
        card: Row | None,
        words: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
    ) -> str:
        """A template as text.

        Args:
            name: of the template.
            card: of the language; without one the template may not name it.
            words: values that are put in as they are, such as a count.
            data: values that others wrote, each put in between tags of its placeholder's name.
        """
        data = data or {}
        quoted = {tag: quote(tag, text, data) for tag, text in data.items()}
        of_language = language_words(card) if card else {}
        values = {**of_language, **(words or {}), **quoted}
        return fill(self.templates[name], values, f"{self.path}: {name}")


def load(path: Path, names: Mapping[str, Collection[str]]) -> Instructions:
    """The templates of a file.

    Args:
        path: a YAML file, a mapping of names to texts.
        names: the templates that it must hold, each with the placeholders that it must use.

    Raises:
        UserError: the file is no such mapping, or a template or a placeholder is unknown or
            missing; the message names the file and the nearest valid spelling.
    """
    templates = _read(path)
    for name in templates.keys() - names.keys():
        raise UserError(f"{path}: unknown template {name!r}, {_hint(name, names)}")
    for name, needed in names.items():
        if name not in templates:
            raise UserError(f"{path}: the template {name!r} is missing")
        used = set(_PLACEHOLDER.findall(templates[name]))
        allowed = [*needed, *LANGUAGE_WORDS]
        for word in sorted(used.difference(allowed)):
            hint = _hint(word, allowed)
            raise UserError(f"{path}: {name}: unknown placeholder {{{word}}}, {hint}")
        for word in sorted(set(needed) - used):
            raise UserError(f"{path}: {name}: the placeholder {{{word}}} is missing")
    return Instructions(path, templates)


def _read(path: Path) -> dict[str, str]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: not YAML ({' '.join(str(error).split())})") from None
    if not isinstance(content, dict):
        raise UserError(f"{path}: a mapping of names to texts is wanted")
    for name, text in content.items():
        if not isinstance(name, str) or not isinstance(text, str) or not text.strip():
            raise UserError(f"{path}: {name}: a text is wanted")
    return {name: text.strip() for name, text in content.items()}


def _hint(word: str, allowed: Collection[str]) -> str:
    near = difflib.get_close_matches(word, allowed, n=1)
    return f"did you mean {near[0]!r}?" if near else f"allowed: {', '.join(allowed)}"


def fill(template: str, values: Mapping[str, str], where: str) -> str:
    """A template with its placeholders replaced, in one pass: values are not read again.

    Raises:
        UserError: a placeholder has no value; the message begins with ``where``.
    """

    def value(match: re.Match[str]) -> str:
        try:
            return values[match[1]]
        except KeyError:
            hint = _hint(match[1], values)
            raise UserError(f"{where}: unknown placeholder {match[0]}, {hint}") from None

    return _PLACEHOLDER.sub(value, template)


_BEGINS = re.compile(r"[<＜﹤]")  # a tag, to a reader who is no parser
_UNSEEN = ("Cc", "Cf", "Mn", "Me")  # categories of Unicode: joiners, variation selectors, accents
_HIDDEN = 40  # characters that may hide among those of a tag


def quote(tag: str, text: str, tags: Collection[str]) -> str:
    """The text between ``<tag>`` and ``</tag>``; none of ``tags`` can open or close inside it.

    Nor what looks like one: of full-width letters, or with signs between that nobody sees.
    """
    named = re.compile(rf"[\s/⁄∕]*(?:{'|'.join(map(re.escape, tags))})(?!\w)")
    reach = max(map(len, tags)) + _HIDDEN

    def begun(match: re.Match[str]) -> str:
        after = unicodedata.normalize("NFKC", text[match.end() : match.end() + reach]).casefold()
        seen = "".join(c for c in after if c.isspace() or unicodedata.category(c) not in _UNSEEN)
        return "‹" if named.match(seen) else match[0]

    return f"<{tag}>{_BEGINS.sub(begun, text)}</{tag}>"


def language_words(card: Row) -> dict[str, str]:
    """How templates may name a language, and the language of the people who ask.

    ``language_in_full`` is such as "Swahili (Kiswahili, in the Latin script)". ``speakers`` and
    ``speakers_in_full`` are the same names unless the card has "speakers", the card of theirs.
    """
    speakers = card.get("speakers") or card
    return {
        "language": str(card["name"]),
        "language_in_full": _in_full(card),
        "endonym": _endonym(card),
        "script": _script(card),
        "speakers": str(speakers["name"]),
        "speakers_in_full": _in_full(speakers),
    }


def _in_full(card: Row) -> str:
    name, endonym = str(card["name"]), _endonym(card)
    own = "" if endonym.casefold() == name.casefold() else f"{endonym}, "
    return f"{name} ({own}in the {_script(card)} script)"


def _endonym(card: Row) -> str:
    return str(card.get("endonym") or card["name"])


def _script(card: Row) -> str:
    return str(card.get("script_name") or card["script"])
