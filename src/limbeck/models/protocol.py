"""What every model can be asked, and what its kinds have in common."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from limbeck.errors import UserError
from limbeck.student.encoding import OPENING, Message, is_open


@dataclass(frozen=True, slots=True)
class Generation:
    """A model's reply. ``finish_reason`` is "stop", "length", or why an endpoint failed."""

    text: str
    finish_reason: str


Done = Callable[[int, Any], None]  # told of each answer as it comes: the prompt's place, the answer


def ignore(place: int, answer: Any) -> None:
    """Tell nobody of an answer."""


def opened(prompt: str, thinking: bool, cut: bool) -> str:
    """What a reply begins with although it is the prompt's end: the opening of its trace.

    Some templates write it, such as those of models that always think. Where no thinking is asked
    for, a student of such a model is taught to answer there and closes nothing, so that a reply
    that ended by itself may be an answer; one that was cut off is a thought.
    """
    return OPENING if (thinking or cut) and is_open(prompt) else ""


def say_if_open(prompts: Sequence[str]) -> None:
    """Say aloud that answers are compared inside of a thought, which the template has opened."""
    if any(map(is_open, prompts)):
        print(
            "the chat template opens a thought before each answer: likelihoods are of answers "
            "inside of it, which suits no model that always thinks; generation scores it after it"
        )


class Model(Protocol):
    """A model that can be asked. Replies come in the order of the prompts.

    What all prompts begin with, such as the same worked examples, is computed once.
    """

    digest: str  # of all that decides its answers
    tools: dict[str, str]  # form of its weights, versions of the libraries that run it
    gives_likelihood: bool
    max_tokens: int | None  # of its replies, where that and thinking are its own; else as asked

    def count(self, text: str) -> int | None:
        """How many tokens a text has; None where nobody says."""

    def generate(
        self,
        prompts: Sequence[Sequence[Message]],
        max_tokens: int,
        *,
        thinking: bool = False,
        done: Done = ignore,
    ) -> list[Generation]:
        """Greedy replies of at most ``max_tokens`` tokens.

        ``thinking`` is the switch of the chat template, where it has one.
        """

    def loglikelihood(
        self,
        prompts: Sequence[Sequence[Message]],
        options: Sequence[Sequence[str]],
        *,
        done: Done = ignore,
    ) -> list[list[float]]:
        """For each prompt the log-probability (nats) of each of its options as the reply.

        An option's log-probability is the sum over its tokens; the end of the reply is not part
        of it. Single-token options cost one forward pass an item; for longer ones the prompt is
        computed once.
        """


def continuations(
    encode: Callable[[str], list[int]], prompt: str, options: Sequence[str]
) -> tuple[list[int], list[list[int]]]:
    """The tokens that a rendered prompt and its options share, and each option's own after them.

    Prompt and option are tokenised together, as they were in training. Where a token spans their
    border it counts to the option, for all options alike.

    Raises:
        UserError: the chat template writes nothing before the answer.
    """
    wholes = [encode(prompt + option) for option in options]
    shared = min(len(ids) for ids in wholes) - 1  # an option keeps one token at least
    for ids in (encode(prompt), *wholes[1:]):
        pairs = zip(ids, wholes[0], strict=False)
        same = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(ids), len(wholes[0])))
        shared = min(shared, same)
    if shared < 1:
        raise UserError("the model's chat template writes nothing before the answer")
    return wholes[0][:shared], [ids[shared:] for ids in wholes]


def shared(ids: Sequence[list[int]]) -> int:
    """How many tokens all prompts begin with; each prompt keeps one token of its own at least."""
    if len(ids) < 2:
        return 0
    lowest, highest = min(ids), max(ids)  # what these two share, all between them share
    same = (a == b for a, b in zip(lowest, highest, strict=False))
    count = next((place for place, equal in enumerate(same) if not equal), len(lowest))
    return min(count, min(map(len, ids)) - 1)


def say_if_long(lengths: Sequence[int], context: int | None) -> None:
    """Say aloud how many prompts, with their answers, are longer than a model was trained on."""
    long = sum(length > context for length in lengths) if context else 0
    if long:
        print(f"{long} of {len(lengths)} prompts are longer than the model's {context} tokens")
