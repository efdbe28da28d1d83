"""Control tokens that the words of a conversation hold: for a student they are text like any other.

A teacher or a corpus that writes ``</s>`` or ``<|im_start|>`` would else end a turn, or begin
another's. While a template renders, a character of private use stands for each.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

Message = dict[str, str]
Span = tuple[int, int]

_FIRST = 0x100000  # the last plane of Unicode is for private use
_OURS = ("<think>", "</think>")  # some bases have them as control tokens, and rows mean them


@cache
def tokens(tokenizer: Any) -> tuple[str, ...]:
    """The control tokens of a tokenizer, longer ones before their parts."""
    added = tokenizer.added_tokens_decoder.values()
    names = {str(token) for token in added if token.special} - {*_OURS, ""}
    return tuple(sorted(names, key=lambda name: (-len(name), name)))


def hidden(tokenizer: Any, messages: Sequence[Message]) -> list[Message]:
    """The messages with a character for each control token in their contents."""
    found = []
    for message in messages:
        content = message["content"]
        for place, name in enumerate(tokens(tokenizer)):
            content = content.replace(name, chr(_FIRST + place))
        found.append({**message, "content": content})
    return found


def tokenize(tokenizer: Any, text: str) -> tuple[list[int], list[Span]]:
    """Ids and places of the tokens of a rendered text, in which `hidden` ones are text.

    No special token is added: the template has written those that it wants, BOS too.
    """
    if max(text, default="") < chr(_FIRST):
        encoding = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        return encoding["input_ids"], encoding["offset_mapping"]
    ids: list[int] = []
    places: list[Span] = []
    names = tokens(tokenizer)
    start = 0
    for piece in re.split(f"({'|'.join(map(re.escape, names))})", text):
        if piece in names:
            ids.append(tokenizer.convert_tokens_to_ids(piece))
            places.append((start, start + len(piece)))
        elif piece:
            shown = [_shown(character, names) for character in piece]
            encoding = tokenizer(
                "".join(shown),
                add_special_tokens=False,
                return_offsets_mapping=True,
                split_special_tokens=True,
            )
            # Where each shown character stands in the text.
            stands = [start + place for place, part in enumerate(shown) for _ in part]
            stands.append(start + len(piece))
            ids += encoding["input_ids"]
            places += [(stands[left], stands[right]) for left, right in encoding["offset_mapping"]]
        start += len(piece)
    return ids, places


def _shown(character: str, names: Sequence[str]) -> str:
    place = ord(character) - _FIRST
    return names[place] if 0 <= place < len(names) else character
