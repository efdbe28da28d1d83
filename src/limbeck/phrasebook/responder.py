"""The phrasebook's reply to a request of the OpenAI chat form: a pure function of its body.

A request with a JSON schema is known by the schema's name and finds its data between tags in the
last user message; any other request is plain chat, answered by `chat`.
"""

import hashlib
import json
import random
from collections.abc import Callable

from limbeck.files import canonical, outside
from limbeck.phrasebook import chat, keywords, lists, prompts, wording
from limbeck.serving.request import Body, Schema, described, last_user, tagged

DEFAULT_COUNT = 5  # items of a list whose schema does not say how many


def reply(body: Body) -> tuple[str, str | None]:
    """Answer a request.

    Args:
        body: with "messages", and perhaps "response_format" (json_schema) and "seed".

    Returns:
        The content, which is JSON where a schema was given, and the reasoning (None with a schema).
    """
    form = described(body)
    key = canonical([body["messages"], form, body.get("seed"), body.get("sample")])
    rng = random.Random(int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]))
    message = last_user(body)
    name = form.get("name")
    if (only := _only(form.get("schema") or {})) is not None:
        return json.dumps(only, ensure_ascii=False), None
    if name in _FORMS:
        value = _FORMS[name](message, form.get("schema") or {}, rng)
        return json.dumps(value, ensure_ascii=False), None
    return chat.answer(message, rng)


def _only(schema: Schema) -> dict[str, object] | None:
    """The one value that a schema allows, by which clients find out that it is followed."""
    fields = schema.get("properties")
    if not isinstance(fields, dict) or not fields:
        return None
    found: dict[str, object] = {}
    for name, field in fields.items():
        field = field if isinstance(field, dict) else {}
        items, count = field.get("items"), field.get("minItems")
        if "const" in field:
            found[name] = field["const"]
        elif isinstance(items, dict) and "const" in items and isinstance(count, int):
            found[name] = [items["const"]] * min(count, DEFAULT_COUNT)
        else:
            return None
    return found


def _field(schema: Schema, name: str) -> Schema:
    field = schema.get("properties", {}).get(name, {})
    reference = field.get("$ref", "").rpartition("/")[2]
    return dict(schema.get("$defs", {}).get(reference, field))


def _items(tag: str, write: Callable[[str, int, random.Random], list[str]]) -> "_Form":
    def form(message: str, schema: Schema, rng: random.Random) -> object:
        count = _field(schema, "items").get("minItems", DEFAULT_COUNT)
        return {"items": write(tagged(message, tag), count, rng)}

    return form


def _context(message: str, schema: Schema, rng: random.Random) -> object:
    count = _field(schema, "items").get("minItems", DEFAULT_COUNT)
    kind, text = tagged(message, "kind"), tagged(message, "text")
    return {"items": prompts.on_text(kind, text, count, rng)}


def _people(message: str, schema: Schema, rng: random.Random) -> object:
    count = _field(schema, "items").get("minItems", DEFAULT_COUNT)
    return {"items": lists.people(count, rng)}


def _revised(message: str, schema: Schema, rng: random.Random) -> object:
    prompt, way, text = (tagged(message, tag) for tag in ("prompt", "way", "text"))
    return {"prompt": prompts.revise(prompt, way, text, rng)}


def _translation(translate: Callable[[str], str | None]) -> "_Form":
    """The conversation translated; no message at all when one of them is not covered."""

    def form(message: str, schema: Schema, rng: random.Random) -> object:
        try:
            turns = outside.loads(tagged(message, "conversation"))
            contents = [translate(turn["content"]) for turn in turns]
            roles = [turn["role"] for turn in turns]
        except (ValueError, TypeError, KeyError, AttributeError):
            return {"messages": []}
        if None in contents:
            return {"messages": []}
        return {
            "messages": [
                {"role": role, "content": content}
                for role, content in zip(roles, contents, strict=True)
            ]
        }

    return form


def _verdict(message: str, schema: Schema, rng: random.Random) -> object:
    expected = chat.answer(tagged(message, "prompt"), rng).content
    found = _checked(tagged(message, "response"), expected)
    return {question: "yes" if answer else "no" for question, answer in found.items()}


def _checked(response: str, expected: str) -> dict[str, bool]:
    """About an answer: whether it is the phrasebook's own, or one on the same topic."""
    topic = wording.topic_of(response)
    same = response == expected
    return {
        "correct": same or bool(topic and topic == wording.topic_of(expected)),
        "complete": bool(response),
        "language": same or bool(wording.to_english(response)),
    }


def _preference(message: str, schema: Schema, rng: random.Random) -> object:
    """By a rule, not a judgement: the answer of which more is right, of the three above."""
    expected = chat.answer(tagged(message, "question"), rng).content
    first, second = (
        sum(_checked(tagged(message, tag), expected).values()) for tag in ("first", "second")
    )
    better = "tie" if first == second else "first" if first > second else "second"
    return {"reason": f"{first} and {second} of 3: correct, complete, language", "better": better}


def _judgement(message: str, schema: Schema, rng: random.Random) -> object:
    """Yes for a text of known Swahili that is not known to be of another label."""
    text, label = tagged(message, "text"), tagged(message, "label")
    if not wording.to_english(text):
        return {"answer": "no"}
    known = (wording.sentiment_of(text), wording.topic_of(text))
    return {"answer": "yes" if not label or label in known else "no"}


def _label(message: str, schema: Schema, rng: random.Random) -> object:
    field = _field(schema, "label")
    labels = field.get("enum") or [field.get("const", "")]
    return {"label": keywords.label_of(tagged(message, "text"), labels, rng)}


_Form = Callable[[str, Schema, random.Random], object]

# The schemas' names are the protocol between the stages and the phrasebook.
_FORMS: dict[str, _Form] = {
    "Personas": _people,
    "MacroTopics": _items("seed", lists.broad_topics),
    "Topics": _items("macro_topic", lists.topics),
    "TopicPrompts": _items("topic", prompts.about),
    "Scenarios": _items("audience", lists.broad_scenarios),
    "DetailedScenarios": _items("scenario", lists.scenarios),
    "ScenarioPrompts": _items("scenario", prompts.about),
    "ContextPrompts": _context,
    "RevisedPrompt": _revised,
    "Translation": _translation(wording.to_swahili),
    "BackTranslation": _translation(wording.back_to_english),
    "Judgement": _judgement,
    "Verdict": _verdict,
    "Preference": _preference,
    "Label": _label,
    "LabelledExamples": _items("label", prompts.examples),
    "LabelSubjects": _items("label", lists.of_label),
    "Summary": lambda message, schema, rng: {"summary": tagged(message, "description")},
}
