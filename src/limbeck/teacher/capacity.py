"""The tokens that a model holds, prompt and reply together, by its endpoint's own word.

Lists of models tell it (vLLM, SGLang, OpenRouter, Together, Mistral), or the refusal of a request
that is too long does (llama.cpp, llama_cpp.server, and the others).
"""

import re
import sys
from dataclasses import dataclass
from typing import Any

from limbeck.files import outside

_LISTED = ("max_model_len", "context_length", "max_context_length")
_NUMBER = r"(\d[\d,]{0,11})"
_LIMIT = re.compile(
    rf"(?:context length is (?:only )?|context size \(|context window of |\"n_ctx\": ?){_NUMBER}",
    re.I,
)
_PROMPT = re.compile(
    rf"(?<![\d,])(?<!at least ){_NUMBER} "
    r"(?:in the messages|in your prompt|of text input|input tokens)"
    rf"|requested tokens \({_NUMBER}\)|\"n_prompt_tokens\": ?{_NUMBER}",
    re.I,
)
_LEAST = 64  # tokens; what is left for a reply below it is of no use
_LIMITS = ("max_tokens", "max_completion_tokens")
_MARGIN = 32  # tokens that the estimate of a prompt may be short of
# Bytes that a prompt counts for at least: the tokens of a short one are its template's, and say
# nothing of those of a long one.
_SHORT = 500


def listed(answer: bytes, model: str) -> int | None:
    """The context of a model in the answer to ``GET /models``; None where it does not say."""
    try:
        entries = outside.loads(answer)["data"]
        found = [entry for entry in entries if entry.get("id") == model]
        # Of a server with one model the name may be another one, such as its file's.
        known = found or (entries if len(entries) == 1 else [])
        sizes = [entry.get(name) for entry in known for name in _LISTED]
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return next((size for size in sizes if isinstance(size, int) and size > 0), None)


@dataclass(frozen=True, slots=True)
class Excess:
    """What a refusal says: the context, and the tokens of the prompt where it counts them."""

    limit: int
    prompt: int | None


def refused(status: int, words: str) -> Excess | None:
    """What the refusal of a too long request says; None for any other refusal."""
    limit = _LIMIT.search(words)
    if status not in (400, 413, 422, 500) or limit is None:
        return None
    prompt = _PROMPT.search(words)
    counted = next(filter(None, prompt.groups())) if prompt else None
    return Excess(_number(limit[1]), None if counted is None else _number(counted))


def _number(digits: str) -> int:
    return int(digits.replace(",", ""))


class Capacity:
    """What is known of a model's context, and how requests are made to fit in it."""

    def __init__(self, model: str) -> None:
        self.model = model
        self.limit: int | None = None
        self._ratio = 0.0  # most tokens of a prompt's byte until now
        self._told = False

    def refit(
        self, excess: Excess, body: dict[str, Any], refused: dict[str, Any]
    ) -> dict[str, Any] | None:
        """The request once more, with a shorter reply; None if that is of no use.

        Args:
            excess: what the refusal says.
            body: the request.
            refused: the same as it was sent.
        """
        self.limit = excess.limit
        replies = [refused.get(name) or 0 for name in _LIMITS]
        # vLLM counts one token past what the reply leaves, and no further.
        if excess.prompt is not None and excess.prompt != excess.limit - max(replies) + 1:
            self.count(body, excess.prompt)
            return self.fit(body, excess.prompt)
        half = max(replies) // 2
        return self.fit(body, most=half) if half >= _LEAST else None

    def count(self, body: dict[str, Any], prompt_tokens: int) -> None:
        """Learn from a request how many tokens its prompt has."""
        self._ratio = max(self._ratio, prompt_tokens / _size(body))

    def fit(
        self, body: dict[str, Any], prompt: int | None = None, most: int | None = None
    ) -> dict[str, Any] | None:
        """The request with as long a reply as the context leaves; None if that is of no use.

        Args:
            body: the request.
            prompt: tokens of its prompt, where they are known; they are estimated else.
            most: tokens that the reply may have, where the endpoint refused more.
        """
        if self.limit is None:
            return body
        if prompt is None:  # an estimate refuses nothing: the endpoint counts
            estimate = int(self._ratio * _size(body)) + _MARGIN
            room = max(_LEAST, self.limit - estimate)
        elif (room := self.limit - prompt) < _LEAST:
            return None
        room = min(room, most or room)
        over = [name for name in _LIMITS if (body.get(name) or 0) > room]
        if over and not self._told:
            self._told = True
            print(
                f"{self.model!r} holds {self.limit:,} tokens, prompt and reply together: a reply "
                f"gets what its prompt leaves, here {room:,} and not {body[over[0]]:,}",
                file=sys.stderr,
            )
        return body | dict.fromkeys(over, room)

    def used_up(self, tokens: int) -> bool:
        """Whether a request and its reply have filled the context."""
        return self.limit is not None and tokens >= self.limit - _MARGIN


def _size(body: dict[str, Any]) -> int:
    own = sum(len(str(message["content"]).encode()) for message in body["messages"])
    return max(_SHORT, own)
