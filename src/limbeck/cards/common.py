"""What both cards are made of: names on the Hub, sources and licences, and the check of a card."""

import re
from pathlib import Path
from typing import Any

from limbeck import files
from limbeck.config import published
from limbeck.errors import UserError, shown
from limbeck.report import names

TEMPLATES = Path(__file__).parent / "data"

OWNER = "OWNER"  # in a card that is not published yet
ROWS = "rows"  # the part of the data set that all students share

# Licences of the sources that the shipped configs name, as their own cards state them.
LICENCES = {
    "builtin": "apache-2.0",
    "BAAI/Infinity-Instruct": "cc-by-sa-4.0",
    "HuggingFaceFW/fineweb-2": "odc-by",
    "databricks/databricks-dolly-15k": "cc-by-sa-3.0",
}
OF_THE_BASE = "licence-of-the-base"  # a model's whose base has one that is not known
UNKNOWN = "not known to Limbeck; see the source"


def dataset_repository(code: str) -> str:
    """The data set's repository of a language, without its owner."""
    return f"limbeck-{code}"


def model_repository(code: str, student: str) -> str:
    """The repository of a student's checkpoint and GGUF files, without its owner."""
    return f"limbeck-{code}-{student}"


def gguf_name(code: str, student: str, quantization: str) -> str:
    """A GGUF file's name in the repository: llama.cpp and Ollama find it by its ending."""
    return f"{model_repository(code, student)}-{quantization}.gguf"


def hub_name(source: str) -> str | None:
    """The name on the Hub in a source such as ``owner/name part revision``; None for all else."""
    name = source.split(" ")[0]
    return name if re.fullmatch(r"[\w-][\w.-]*/[\w.-]+", name) else None


def licence(source: str) -> str:
    """A source's licence, as far as it is known here."""
    return LICENCES.get(hub_name(source) or source, UNKNOWN)


def languages(card: dict[str, Any]) -> list[str]:
    """The language and English, by the codes that the Hub takes."""
    return [str(card.get("iso639_1") or card["iso639_3"]), "en"]


# What would begin markup in a name: HTML, code, a cell, a link. Not "[61.0, 75.0]".
_MARKUP = re.compile(r"[<>`|\\]|\](?=[(\[:])|[^\S ]|(?<=!)\[")
_INSTEAD = {"<": "‹", ">": "›", "`": "'", "|": "¦", "\\": "/", "]": "] ", "[": " ["}


class Code(str):
    """A text that stands in a block of code."""


def plain(text: object) -> object:
    """A text that is one line of Markdown without markup; any other value as it is.

    >>> plain("a|b <script> ![x](javascript:y)")
    'a¦b ‹script› ! [x] (javascript:y)'
    """
    if not isinstance(text, str):
        return text
    if isinstance(text, Code):
        return shown(text.replace("`", "'"))
    return shown(_MARKUP.sub(lambda found: _INSTEAD.get(found[0], " "), text))


def render(template: str, metadata: str, **values: Any) -> str:
    """A card: its metadata (YAML), and the Markdown of a template."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=False,  # Markdown, in which HTML's entities are no help
        finalize=plain,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["count"] = lambda number: f"{number:,}"
    environment.filters["code"] = Code
    environment.filters["size"] = names.size
    environment.filters["setting"] = lambda value: names.setting(published(value))
    body = environment.get_template(template).render(owner=OWNER, citation="citation.md", **values)
    return f"---\n{metadata}\n---\n\n{body}\n"


def write(path: Path, text: str, kind: str) -> None:
    """Write a card, if huggingface_hub reads the same metadata out of it.

    Args:
        kind: "model" or "dataset".

    Raises:
        UserError: the metadata is not what the Hub takes.
    """
    check(path, text, kind)
    files.write_text(path, text)


def check(path: Path, text: str, kind: str) -> None:
    """Have huggingface_hub read a card.

    Raises:
        UserError: the metadata is not what the Hub takes.
    """
    from huggingface_hub import DatasetCard, ModelCard

    card_class = ModelCard if kind == "model" else DatasetCard
    try:
        data = card_class(text).data.to_dict()
    except (ValueError, TypeError, KeyError) as error:
        raise UserError(f"{path}: the card's metadata is not the Hub's form ({error})") from None
    missing = [key for key in ("language", "license", "tags") if not data.get(key)]
    if missing:
        raise UserError(f"{path}: the card's metadata has no {', '.join(missing)}")
