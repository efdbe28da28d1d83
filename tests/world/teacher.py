"""An endpoint with a language model's manners, seeded: what it says follows from the request.

It reads the form of a reply from the schema that it is told, and the language from the prompt. It
answers in real sentences, counts tokens, thinks aloud, and goes wrong at the rates of `Manners`:
it forgets the schema, fences its JSON, refuses, breaks off, slips into English, repeats itself,
puts a choice into a sentence, is overloaded, and refuses what its context does not hold.
"""

import csv
import json
import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from aiohttp import web

import endpoint
from limbeck.files import digest
from world import texts

REFUSALS = Path(__file__).with_name("refusals.tsv")
# The ways of thinking aloud: fields of the message, and marks inside the text.
FIELDS = ("reasoning", "reasoning_content")
_THINK, _HARMONY = (
    "<think>{}</think>{}",
    ("<|channel|>analysis<|message|>{}<|end|><|start|>assistant<|channel|>final<|message|>{}"),
)
INSIDE = {"think": _THINK, "harmony": _HARMONY}
_KEPT = re.compile(r"\{\w+\}|https?://\S+|`[^`]+`|\d[\d.,:%]*")


@dataclass(frozen=True)
class Manners:
    """How an endpoint behaves; the rates are shares of the replies."""

    seed: int = 1
    context: int = 131_072  # tokens
    told: str = "openrouter"  # a line of the table of refusals
    follows: tuple[str, ...] = ("json_schema",)  # ways of `structured` that it knows
    thinks: tuple[str, ...] = ("reasoning", "reasoning_content", "think", "harmony")  # in turn
    forgets: float = 0.03
    fences: float = 0.1
    refuses: float = 0.01
    breaks_off: float = 0.02
    slips: float = 0.02
    repeats: float = 0.01
    original: bool = False  # says nothing twice
    sentences: float = 0.3  # choices inside a sentence
    overloaded: float = 0.02


def tokens(text: str) -> int:
    """About what a large vocabulary makes of a text."""
    return -(-len(text.encode()) // 4)


@cache
def refusals() -> dict[str, dict[str, str]]:
    """The table, by the endpoint's kind."""
    with REFUSALS.open(encoding="utf-8", newline="") as file:
        lines = (line for line in file if not line.startswith("#"))
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {row["told"]: row for row in rows}


class Teacher(endpoint.Endpoint):
    """The endpoint. ``used`` sums the tokens of what it said."""

    def __init__(self, manners: Manners) -> None:
        super().__init__(self.reply)
        self.manners = manners
        self.prompt_tokens = self.completion_tokens = 0

    async def _models(self, request: web.Request) -> web.Response:
        listed = refusals()[self.manners.told]["listed"]
        entry: dict[str, Any] = {"id": "any", "object": "model"}
        chat = (
            "openai/gpt-oss-120b",
            "qwen/qwen3-235b-a22b-2507",
            "meta-llama/llama-3-70b-instruct",
        )
        names = [*chat, "any"]
        known = {listed: self.manners.context} if listed else {}
        data = [{**entry, "id": name, **known} for name in names]
        return web.json_response({"object": "list", "data": data})

    def reply(self, body: dict[str, Any], before: int) -> Any:
        """See `endpoint.Answer`."""
        manners = self.manners
        asked = digest(manners.seed, body["messages"], body.get("seed"), body.get("max_tokens"))
        chance = random.Random(asked)
        if chance.random() < manners.overloaded and before == 0:
            code = chance.choice([429, 500, 503])
            return endpoint.status(code, "overloaded", **{"Retry-After": "0"})
        wanted = body.get("max_tokens") or body.get("max_completion_tokens") or 4096
        given = sum(tokens(message["content"]) + 4 for message in body["messages"])
        line = refusals()[manners.told]
        if given + (wanted if line["counts"] == "reply" else 0) > manners.context:
            return _Refusal(line, manners.context, given, wanted)
        room = min(wanted, manners.context - given)
        return self._said(body, Mind(body, chance, manners), given, room)

    def _said(self, body: dict[str, Any], mind: "Mind", given: int, room: int) -> Any:
        content, thought = mind.content(), mind.thought()
        whole, finish = tokens(content) + tokens(thought or ""), "stop"
        if whole > room or mind.happens(self.manners.breaks_off):
            kept = min(room, max(1, whole // 2))
            finish, whole = "length", kept
            left = max(0, kept - tokens(thought or "")) * 4
            content = content.encode()[:left].decode(errors="ignore")
        said: dict[str, Any] = {}
        way = mind.way
        if thought and way in FIELDS:
            said = {way: thought}
        elif thought and way is not None:
            content = INSIDE[way].format(thought, content)
        self.prompt_tokens += given
        self.completion_tokens += whole
        completion = endpoint.completion(content, finish, **said)
        completion["usage"] = {
            "prompt_tokens": given, "completion_tokens": whole, "total_tokens": given + whole
        }  # fmt: skip
        return completion

    async def _response(self, request: web.Request, order: Any) -> web.StreamResponse:
        if isinstance(order, _Refusal):
            return web.Response(body=order.text, status=order.code, content_type="application/json")
        return await super()._response(request, order)


class _Refusal(endpoint.Fault):
    """The refusal of a request that is too long."""

    def __init__(self, line: dict[str, str], context: int, prompt: int, wanted: int) -> None:
        super().__init__("status", code=int(line["status"]))
        self.code = int(line["status"])
        words = {"context": context, "prompt": prompt, "wanted": wanted, "total": prompt + wanted}
        text = line["body"]
        for name, number in words.items():
            text = text.replace(f"{{{name}}}", str(number))
        self.text = text.encode()


class Mind:
    """What comes to the model's mind about one request."""

    def __init__(self, body: dict[str, Any], chance: random.Random, manners: Manners) -> None:
        self.body, self.chance, self.manners = body, chance, manners
        self.prompt = body["messages"][-1]["content"]
        self.whole = "\n".join(message["content"] for message in body["messages"])
        ways = manners.thinks
        self.way = ways[chance.randrange(len(ways))] if ways else None
        self.code = self._language()

    def happens(self, rate: float) -> bool:
        return self.chance.random() < rate

    def _language(self) -> str:
        places = {
            code: self.whole.find(name)
            for code, name in texts.LANGUAGES.items()
            if code != "eng_Latn" and name in self.whole
        }
        return min(places, key=places.__getitem__) if places else "eng_Latn"

    def thought(self) -> str | None:
        """The reasoning, in English as models have it."""
        return self._text("eng_Latn", self.chance.randint(1, 3)) if self.way else None

    def content(self) -> str:
        """The answer."""
        if self.happens(self.manners.refuses):
            return "I'm sorry, but I can't help with that."
        schema = self._schema()
        if schema is None:
            return self._plain()
        value = self._translated() or self._value(schema, "")
        if self.happens(self.manners.forgets):
            return f"Here you are: {' '.join(_strings(value))}"
        text = json.dumps(value, ensure_ascii=False)
        return f"```json\n{text}\n```" if self.happens(self.manners.fences) else text

    def _schema(self) -> dict[str, Any] | None:
        """The schema, as far as the endpoint knows the way in which it is told."""
        known, form = self.manners.follows, self.body.get("response_format", {})
        if "json_schema" in known and form.get("type") == "json_schema":
            found = form["json_schema"]["schema"]
        elif "json_object" in known and form.get("type") == "json_object":
            found = form.get("schema")
        else:
            found = next((self.body[way] for way in known if way in self.body), None)
            found = found.get("json", found) if found else None
        if found is None and "Reply with JSON alone, of this schema:\n" in self.prompt:
            found = json.loads(self.prompt.rpartition("of this schema:\n")[2])
        return found

    def _value(self, schema: dict[str, Any], name: str) -> Any:
        if "$ref" in schema:
            return {"role": "assistant", "content": self._text(self._spoken(), 1)}
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            choices = schema["enum"]
            return "yes" if "yes" in choices and self.happens(0.95) else self.chance.choice(choices)
        if schema.get("type") == "object":
            return {key: self._value(part, key) for key, part in schema["properties"].items()}
        if schema.get("type") == "array":
            count = schema.get("minItems", 1)
            return [self._value(schema["items"], name) for _ in range(count)]
        return self._text(self._spoken(), 1 if name == "items" else 2)

    def _spoken(self) -> str:
        english = "in English, " in self.prompt or self.happens(self.manners.slips)
        return "eng_Latn" if english else self.code

    def _text(self, code: str, count: int) -> str:
        """Sentences that stand together in the language."""
        pool = texts.sentences(code)
        start = self.chance.randrange(max(1, len(pool) - count))
        if self.happens(self.manners.repeats):
            return " ".join([pool[start]] * 12)
        mark = [str(self.chance.randrange(10**9))] if self.manners.original else []
        return " ".join([*pool[start : start + count], *mark])

    def _translated(self) -> dict[str, Any] | None:
        """A conversation in the language, where one is to be translated."""
        found = re.search(r"<conversation>\s*(\[.*\])\s*</conversation>", self.prompt, re.DOTALL)
        if found is None:
            return None
        turns = json.loads(found[1])
        code = self.code if "from English into" in self.prompt else "eng_Latn"
        return {
            "messages": [{"role": t["role"], "content": self._as_long(t["content"], code)}
                         for t in turns]
        }  # fmt: skip

    def _as_long(self, text: str, code: str) -> str:
        """Sentences of about a text's length, with the numbers, addresses and code in it."""
        pool = texts.sentences(code)
        kept, said = _KEPT.findall(text), ""
        while len(said.encode()) < 0.8 * len(text.encode()):
            said = f"{said} {self.chance.choice(pool)}".strip()
        if len(said) > 2 * len(text):
            said = " ".join(said.split()[: max(1, len(text.split()))])
        return " ".join([said, *kept]).strip()

    def _plain(self) -> str:
        if "Answer with the letter." in self.prompt:
            return self._choice([*"ABCD"])
        if options := re.search(r"topic of this text: (.+)\?", self.prompt):
            return self._choice(options[1].split(", "))
        if match := re.match(r"Translate from (.+) into (.+)\.\n\n(.+)", self.prompt, re.DOTALL):
            return self._rendered(*match.groups())
        return self._text(self._spoken(), self.chance.randint(1, 4))

    def _choice(self, options: Sequence[str]) -> str:
        chosen = self.chance.choice(options)
        return (
            f"I think the answer is {chosen}." if self.happens(self.manners.sentences) else chosen
        )

    def _rendered(self, source: str, target: str, text: str) -> str:
        names = {name: code for code, name in texts.LANGUAGES.items()}
        if not {source, target} <= names.keys():
            return text  # of a language that it does not know
        if self.happens(0.8):
            return _flores(names[source], names[target]).get(text.strip(), text)
        return self._as_long(text, names[target])


@cache
def _flores(source: str, target: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for split in ("dev", "devtest"):
        sides = (texts.flores(code, split) for code in (source, target))
        pairs |= dict(zip(*sides, strict=True))
    return pairs


def _strings(value: Any) -> Iterable[str]:
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _strings(part)
    else:
        yield str(value)
