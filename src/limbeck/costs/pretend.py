"""A teacher who is not asked: what its journal does not hold is counted, and a reply made up.

Stages are run with it as they are, so that what is planned is what they ask. A made-up reply has
the form that is asked for, and the length that known replies of its kind have in the language, or
else an assumed one. All sizes are UTF-8 bytes: tokens of a model that is not here cannot be counted
otherwise, and bytes know of scripts.
"""

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from limbeck.config.teacher import TRANSLATORS
from limbeck.dataset import rows
from limbeck.files import Item, canonical
from limbeck.generation.asking import Result, Teacher
from limbeck.teacher import replies
from limbeck.teacher.journal import key
from limbeck.teacher.replies import Record, Reply, Request

# Assumed where nothing is measured.
TOKEN = 0.25  # tokens of a byte
REASONING = 400  # tokens of each reply
# Bytes of a text, by the form of the reply that it is in: of those that are in English, and of the
# others as English would have them.
ENGLISH = {
    "MacroTopics": 40,
    "Topics": 60,
    "Scenarios": 80,
    "DetailedScenarios": 120,
    "LabelSubjects": 30,
}
PROMPT = 250
OTHERS = {"text": 2000, "Summary": 300, "LabelledExamples": 150, "score": 100}
FIRST, EACH = 1.0, 1 / 60  # seconds until the first token, and of each token

# UTF-8 bytes of a text over those of its English, by script: the median of the languages of
# FLORES-200 (devtest). A script that is not here has letters of three bytes.
SIZE = {
    "Arab": 1.7, "Armn": 2.0, "Beng": 2.6, "Cyrl": 1.9, "Deva": 2.5, "Ethi": 1.7, "Geor": 2.9,
    "Grek": 2.2, "Gujr": 2.5, "Guru": 2.6, "Hang": 1.2, "Hans": 0.9, "Hant": 0.9, "Hebr": 1.7,
    "Jpan": 1.3, "Khmr": 3.3, "Knda": 2.8, "Laoo": 2.7, "Latn": 1.1, "Mlym": 3.1, "Mymr": 3.7,
    "Olck": 2.8, "Orya": 2.7, "Sinh": 2.6, "Taml": 3.2, "Telu": 2.7, "Tfng": 2.3, "Thai": 2.8,
    "Tibt": 3.5,
}  # fmt: skip


def size(script: str) -> float:
    """Bytes of a text in a script over those of its English."""
    return SIZE.get(script, 2.7)


@dataclass(slots=True)
class Known:
    """What is known of a stage's replies of one kind, in one language."""

    replies: int = 0  # first ones
    second: int = 0  # second ones, to requests whose first reply was of no use
    asked: int = 0  # bytes of the requests
    prompt_tokens: int = 0
    completion_tokens: float = 0.0
    squares: float = 0.0  # of the completion tokens of each request
    said: int = 0  # bytes of the replies, without the reasoning
    thought: int = 0  # bytes of the reasoning
    seconds: float = 0.0
    timed: int = 0
    texts: list[str] = field(default_factory=list)  # the strings of usable replies

    def take(self, asked: int, walked: Sequence[Record], reply: Reply) -> None:
        """Learn from the journaled replies to a request."""
        self.replies += 1
        self.second += len(walked) - 1
        self.asked += asked
        tokens = sum(record.completion_tokens for record in walked)
        self.prompt_tokens += walked[0].prompt_tokens
        self.completion_tokens += tokens
        self.squares += tokens**2
        self.said += len(reply.content.encode())
        self.thought += len((reply.reasoning or "").encode())
        self.seconds += sum(record.seconds for record in walked)
        self.timed += sum(record.seconds > 0 for record in walked)
        if reply.failure is None and len(self.texts) < 1000:
            self.texts += _strings(reply.value.model_dump()) if reply.value else [reply.content]

    def add(self, other: "Known", longer: float) -> None:
        """Count another language's in, whose replies would be so many times as long in this one."""
        for name in ("replies", "second", "asked", "prompt_tokens", "seconds", "timed"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.completion_tokens += other.completion_tokens * longer
        self.squares += other.squares * longer**2

    def variance(self, missing: int) -> float:
        """Of the completion tokens of so many further requests, as far as these tell."""
        mean = self.completion_tokens / self.replies
        each = max(0.0, self.squares / self.replies - mean**2)
        return each * missing * (1 + missing / self.replies)


Kind = tuple[str, str, str]  # language, stage, form of the reply
Memory = dict[Kind, Known]


@dataclass(slots=True)
class Asked:
    """What a stage asks in one language."""

    requests: int = 0  # that a journal does not answer
    journaled: int = 0  # replies that it holds of those that are asked for
    second: float = 0.0  # tries that will follow replies of no use
    prompt_tokens: float = 0.0  # of what is missing, as all that follows
    completion_tokens: float = 0.0
    variance: float = 0.0  # of the completion tokens, as the known replies differ
    seconds: float = 0.0
    measured: bool = False


@dataclass(frozen=True, slots=True)
class Pretender(Teacher):
    """The teacher of one stage in one language."""

    stage: str
    language: str
    sizes: Mapping[str, float]  # of texts in each language over those of their English, in bytes
    known: Mapping[str, Record]  # the journal's replies, by key
    memory: Memory
    asked: Asked = field(default_factory=Asked)
    seen: set[object] = field(default_factory=set)
    numbers: Iterator[int] = field(default_factory=count)  # no two made-up texts are equal

    def ask(
        self,
        items: Sequence[Item],
        prompt: Callable[[Item], Request],
        parse: Callable[[Item, Reply], list[Result]],
    ) -> list[Result]:
        """See `Teacher.ask`. What is journaled is learnt from before anything is made up."""
        requests = [prompt(item) for item in items]
        answers = [self._journaled(request) for request in requests]
        results: list[Result] = []
        missing: list[tuple[Request, Reply, bool]] = []
        for item, request, answer in zip(items, requests, answers, strict=True):
            reply = answer or self._made_up(item, request)
            if answer is None and self._new(request):
                missing.append((request, reply, _turns(item) is not None))
            results += parse(item, reply)
        self._count(missing)
        return results

    def _new(self, request: Request) -> bool:
        """Whether a request is asked for the first time: equal ones are asked once."""
        form = request.reply_model
        mark = (*(turn["content"] for turn in request.messages), form, request.sample)
        new = mark not in self.seen
        self.seen.add(mark)
        return new

    def _journaled(self, request: Request) -> Reply | None:
        """The reply that the journal holds; None where something is still to be asked."""
        asked, corrected = request, False
        walked: list[Record] = []
        while self.known and (record := self.known.get(key(asked, self.settings, corrected))):
            walked.append(record)
            reply, complaint = replies.read(record, asked.reply_model)
            following = replies.following(asked, corrected, reply, complaint, self.settings)
            if following is None:
                if self._new(request):
                    self.asked.journaled += len(walked)
                    own = self.memory.setdefault(self._kind(request), Known())
                    own.take(rows.size(request.messages), walked, reply)
                return reply
            asked, corrected = following
        self.asked.journaled += len(walked)
        return None

    def _kind(self, request: Request) -> Kind:
        return self.language, self.stage, _form(request)

    def _count(self, missing: Sequence[tuple[Request, Reply, bool]]) -> None:
        """Count requests that nothing answers yet, by what replies of their kind have taken."""
        if not missing:
            return
        kind = self._kind(missing[0][0])
        own, others = self.memory.get(kind), self._elsewhere(kind)
        known = own or others
        thought = 0 if self.connection.server in TRANSLATORS else REASONING
        for request, reply, in_proportion in missing:
            asked = rows.size(request.messages)
            self.asked.requests += 1
            if known is None:
                self.asked.prompt_tokens += asked * TOKEN
                said = thought + len(reply.content.encode()) * TOKEN
                self.asked.seconds += FIRST + EACH * said
            else:
                self.asked.prompt_tokens += asked * known.prompt_tokens / known.asked
                share = asked / known.asked if in_proportion else 1 / known.replies
                said = known.completion_tokens * share
                timed = known.seconds / known.timed if known.timed else FIRST + EACH * said
                self.asked.second += known.second / known.replies
                self.asked.seconds += timed
            self.asked.completion_tokens += said
        if known is not None:
            self.asked.measured = True
            self.asked.variance += known.variance(len(missing))

    def _elsewhere(self, kind: Kind) -> Known | None:
        """What is known of a kind in other languages, as it would be in this one."""
        language, *same = kind
        found = Known()
        for (other, *rest), known in self.memory.items():
            if rest == same and other != language:
                spoken = known.said / max(1, known.said + known.thought)
                ratio = self.sizes[language] / self.sizes[other]
                found.add(known, 1 + spoken * (ratio - 1))
        return found if found.replies else None

    def _made_up(self, item: object, request: Request) -> Reply:
        """A reply of the form that is asked for."""
        form, size = _form(request), self.sizes[self.language]
        own = self.memory.get(self._kind(request))
        longer = OTHERS.get("score" if self.stage.startswith("score-") else form, PROMPT)
        length = ENGLISH.get(form) or round(size * longer)

        def mark() -> str:
            return f"{self.stage} {next(self.numbers)} "

        def text() -> str:
            if own and own.texts:
                known = own.texts[next(self.numbers) % len(own.texts)]
                return unlike(mark(), len(known.encode()))
            return unlike(mark(), length)

        def choice(options: Sequence[str]) -> str:
            said = [text for text in own.texts if text in options] if own else []
            # As often as it was chosen until now.
            return said[next(self.numbers) % len(said)] if said else _agreed(options)

        if request.reply_model is None:
            thought = own.thought // own.replies if own else round(REASONING / TOKEN)
            return Reply(text(), "x" * max(1, thought), "stop", 0, 0, None, None)
        turns = _turns(item)
        if turns is None:
            value: Any = _value(replies.json_schema(request.reply_model), text, choice)
        else:
            ratio = 1 / size if form == "BackTranslation" else size
            value = {"messages": translated(turns, ratio, self.numbers)}
        filled = request.reply_model.model_validate(value)
        return Reply(canonical(value), "x", "stop", 0, 0, filled, None)


def translated(
    turns: Sequence[Mapping[str, str]], ratio: float, numbers: Iterator[int]
) -> list[dict[str, str]]:
    """A made-up translation, so many times as long, line by line: pairs are made of lines."""

    def other(line: str) -> str:
        return f"{next(numbers)} ".ljust(round(ratio * len(line.encode())), "x")

    return [{"role": turn["role"], "content": by_line(turn["content"], other)} for turn in turns]


def by_line(text: str, other: Callable[[str], str]) -> str:
    """A text with others in place of the lines that say something."""
    return "\n".join(other(line) if line.strip() else line for line in text.split("\n"))


def unlike(mark: str, length: int) -> str:
    """A text of so many bytes that begins with a mark, and is like no other one's."""
    drawn = base64.b64encode(hashlib.sha512(mark.encode()).digest()).decode()
    return (mark + drawn * (length // len(drawn) + 1))[: max(length, len(mark))]


def _form(request: Request) -> str:
    return request.reply_model.__name__ if request.reply_model else "text"


def _turns(item: object) -> list[dict[str, str]] | None:
    """The turns that are to be translated: of a conversation, or as they stand."""
    if isinstance(item, dict):
        return item.get("messages")
    return item if isinstance(item, list) else None


def _agreed(options: Sequence[str]) -> str:
    return "yes" if "yes" in options else options[0]


def _value(
    schema: Mapping[str, Any], text: Callable[[], str], choice: Callable[[Sequence[str]], str]
) -> Any:
    """A value of a schema, of texts and choices."""
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return choice(schema["enum"])
    if schema.get("type") == "object":
        parts = schema["properties"].items()
        return {name: _value(part, text, choice) for name, part in parts}
    if schema.get("type") == "array":
        return [_value(schema["items"], text, choice) for _ in range(schema.get("minItems", 1))]
    return text()


def _strings(value: Any) -> Iterator[str]:
    """The strings in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _strings(part)
