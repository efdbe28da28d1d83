"""Which conversations a text model can be taught by their translations: English, of words alone.

Data sets that call themselves English are not all of it: of 150 sampled conversations of
Infinity-Instruct 22 were Chinese, Spanish, German or Russian.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

Message = dict[str, str]

_LETTERS = 30  # bytes of them; a shorter turn is not judged
_SHARE = (
    0.5  # least share of the letters: a French word list is asked for, and answered, in English
)
_READ = 4000  # characters of a turn
_NO_PROSE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]+`|https?://\S+|<[^<>\n]{1,200}>", re.DOTALL)
_PICTURES = re.compile(r"<(?:image|video|audio|img)(?:[ _-]?\d+)?>|\[(?:image|video|audio)\]", re.I)
_TOOLS = re.compile(
    r"</?(?:tool_call|tool_response|tools|function_?call|function_?response)>"
    r"|\"(?:function_call|tool_calls)\"\s*:"
    r"|access to the following (?:tools?|functions?|apis?)\b",
    re.I,
)


def unfit(turns: Sequence[Message]) -> str | None:
    """Why a conversation is not to be translated; None for one that is."""
    whole = "\n".join(turn["content"] for turn in turns)
    if _PICTURES.search(whole):
        return "about a picture, a video or a sound"
    if _TOOLS.search(whole):
        return "with tools"
    return None if is_english(turns) else "not English"


def is_english(turns: Sequence[Message]) -> bool:
    """Whether the first question and most of the letters are English, as far as they are prose."""
    judged: list[tuple[int, bool]] = []
    asked = next((turn for turn in turns if turn["role"] == "user"), None)
    for turn in turns:
        prose = " ".join(_NO_PROSE.sub(" ", turn["content"][:_READ]).split())
        letters = sum(len(sign.encode()) for sign in prose if sign.isalpha())
        if letters < _LETTERS:
            continue
        english = _identifier().classify(prose)[0] == "en"
        if turn is asked and not english:
            return False
        judged.append((letters, english))
    known = sum(letters for letters, _ in judged)
    return sum(letters for letters, english in judged if english) >= _SHARE * known


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
