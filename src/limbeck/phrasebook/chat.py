"""Answers to plain chat messages: questions, translations, labels, passages, small talk.

Each handler looks at one message and answers it or passes; a message that all pass gets a polite
"I do not know". Answers are in Swahili, except translations into English and labels.
"""

import random
import re
from collections.abc import Callable
from typing import NamedTuple

from limbeck.phrasebook import dialogues, facts, opinions, passages, sentences, sums, wording
from limbeck.phrasebook.strings import LETTERS, TOPICS, plain, split_sentences

# What a reviser may put around a prompt without changing what it asks.
BEFORE = (
    "Tafadhali nisaidie.",
    "Habari!",
    "Mimi ni mwanafunzi.",
    "Ninajifunza mambo mapya.",
    "Nina swali fupi.",
    "Naomba msaada wako.",
    "Watoto wangu wanauliza hivi.",
)
AFTER = (
    dialogues.REQUESTS["brief"].swahili,
    "Jibu kwa sentensi moja.",
    "Nahitaji jibu sahihi.",
    "Asante kwa msaada wako.",
    "Fikiri kwanza.",
)


class Answer(NamedTuple):
    """A reply and the short trace that leads to it."""

    content: str
    reasoning: str | None


class _Task(NamedTuple):
    """A request about a text; the text may stand before or after the request."""

    request: str
    text: str


_OPTION = re.compile(r"^\(?([A-D])[.):]\s*(.+?)\s*$", re.MULTILINE)
_TRANSLATE = re.compile(r"\b(translat\w+|tafsiri\w*|fasiri\w*)\b", re.IGNORECASE)
_INTO_ENGLISH = re.compile(r"\b(into english|to english|(kwa|kwenda) kiingereza)\b", re.IGNORECASE)
_SUMMARISE = re.compile(r"\b(summar\w+|fupisha|muhtasari|wazo kuu)\b", re.IGNORECASE)
_LIST = re.compile(r"\b(list|improve|boresha|orodha)\b", re.IGNORECASE)
_TOPIC = re.compile(r"\b(topic|mada|label|lebo|category|classify|sentiment)\b", re.IGNORECASE)
_TRUE = re.compile(r"\b(is this sentence true|sentensi hii ni kweli)\b", re.IGNORECASE)
_ABOUT = re.compile(r"\b(about|kuhusu) (.+?)(?: (?:kwa|in)\b.*)?[.?!]?$", re.IGNORECASE)
_LABELS = re.compile(r":\s*([^:?\n]+(?:,[^:?\n]+)+)\?")


def answer(message: str, rng: random.Random) -> Answer:
    """The reply to the last message of a user."""
    if brief := _in_brief(message.strip()):
        return brief
    bare = _unwrap(message.strip())
    for handler in _HANDLERS:
        if reply := handler(bare, rng):
            return reply
    return Answer(dialogues.REQUESTS["unknown"].swahili, "Sina jibu la uhakika kwa swali hili.")


def _in_brief(message: str) -> Answer | None:
    """The few words that answer a question about a passage, or of general knowledge, asked so."""
    request = next((text for text in dialogues.REQUESTS["brief"] if message.endswith(text)), None)
    if request is None:
        return None
    passage, _, question = _unwrap(message.removesuffix(request).rstrip()).rpartition("\n\n")
    if fact := facts.find(question):
        return Answer(fact.answer.swahili, _of_kind(fact))
    if found := passages.answer(passage, question):
        phrase = wording.to_swahili(found.phrase) or found.phrase
        return Answer(phrase, _says(found))
    return None


def _unwrap(message: str) -> str:
    """The message without what a reviser put at its ends or before its last paragraph."""
    text, separator, request = message.rpartition("\n\n")
    for before in BEFORE:
        text = text.removeprefix(before).lstrip()
        request = request.removeprefix(before).lstrip()
    for after in AFTER:
        request = request.removesuffix(after).rstrip()
    return text + separator + request


def _tasks(message: str) -> list[_Task]:
    paragraphs = [part.strip() for part in re.split(r"\n\s*\n", message) if part.strip()]
    if len(paragraphs) > 1:
        return [
            _Task(paragraphs[0], "\n\n".join(paragraphs[1:])),
            _Task(paragraphs[-1], "\n\n".join(paragraphs[:-1])),
        ]
    head, separator, tail = message.partition(": ")
    return [_Task(head, tail.strip())] if separator else []


def _multiple_choice(message: str, rng: random.Random) -> Answer | None:
    found = list(_OPTION.finditer(message))
    if len(found) < 2:
        return None
    stem = message[: found[0].start()].strip()
    options = [match[2] for match in found]
    passage, _, question = stem.rpartition("\n\n")
    text = _right_answer(passage, question.strip(), options)
    index = next((i for i, option in enumerate(options) if text and plain(option) == text), None)
    if index is None:
        return Answer(rng.choice(LETTERS[: len(options)]), "Sina uhakika. Ninachagua jibu moja.")
    letter = found[index][1]
    return Answer(letter, f"Jibu sahihi ni {options[index]}. Herufi yake ni {letter}.")


def _right_answer(passage: str, question: str, options: list[str]) -> str | None:
    """The plain text of the right option, or None."""
    if fact := facts.find(question):
        sides = [plain(side) for side in fact.answer]
        return next((plain(option) for option in options if plain(option) in sides), None)
    if found := passages.answer(passage, question):
        return plain(found.phrase)
    # The option that alone stands in the passage, the longest first ("maji moto" before "maji").
    inside = [plain(option) for option in options if _contains(passage, option)]
    return max(inside, key=len) if inside else None


def _contains(passage: str, phrase: str) -> bool:
    return f" {plain(phrase)} " in f" {plain(passage)} "


def _translation(message: str, rng: random.Random) -> Answer | None:
    for task in _tasks(message):
        if not _TRANSLATE.search(task.request):
            continue
        english = wording.to_english(task.text)
        swahili = None
        if english is None or not _INTO_ENGLISH.search(task.request):
            swahili = wording.to_swahili(task.text)
        if swahili is not None:
            return Answer(swahili, "Maandishi haya ni ya Kiingereza. Ninayatafsiri kwa Kiswahili.")
        if english is not None:
            return Answer(english, "Maandishi haya ni ya Kiswahili. Ninayatafsiri kwa Kiingereza.")
        return Answer("Samahani, siwezi kutafsiri maandishi haya.", "Maneno haya sijui yote.")
    return None


def _classification(message: str, rng: random.Random) -> Answer | None:
    for task in _tasks(message):
        labels = _LABELS.search(task.request)
        if not labels or not _TOPIC.search(task.request):
            continue
        names = [name.strip() for name in labels[1].split(",")]
        chosen = choose(task.text, names, rng)
        about = TOPICS.get(chosen)
        reasoning = f"Maneno ya maandishi haya yanahusu {about}." if about else None
        return Answer(chosen, reasoning or f"Jina linalofaa maandishi haya ni {chosen}.")
    return None


def choose(text: str, labels: list[str], rng: random.Random) -> str:
    """The label that fits a text: its sentiment, its topic, or else a seeded guess."""
    for label in (wording.sentiment_of(text), wording.topic_of(text)):
        if label in labels:
            return str(label)
    return rng.choice(labels)


def _summary(message: str, rng: random.Random) -> Answer | None:
    for task in _tasks(message):
        if _SUMMARISE.search(task.request):
            first = split_sentences(task.text)[0]
            return Answer(first, "Sentensi ya kwanza inabeba wazo kuu la maandishi haya.")
    return None


def _listing(message: str, rng: random.Random) -> Answer | None:
    for task in _tasks(message):
        if _LIST.search(task.request):
            lines = enumerate(split_sentences(task.text), start=1)
            content = "\n".join(f"{number}. {sentence}" for number, sentence in lines)
            return Answer(content, "Orodha ni rahisi kusoma. Ninaandika kila sentensi peke yake.")
    return None


def _truth(message: str, rng: random.Random) -> Answer | None:
    match = _TRUE.search(message)
    if not match:
        return None
    claim = message[match.end() :].lstrip("?: \n")
    passage = message[: match.start()].strip().removesuffix("Je,").strip()
    if checked := facts.check(claim):
        fact, true = checked
        reasoning = f"Ninajua kwamba: {fact.statement.swahili}"
    elif passage:
        true = plain(claim) in {plain(sentence) for sentence in split_sentences(passage)}
        reasoning = f"Ninatafuta sentensi hii katika maandishi. {'Ipo' if true else 'Haipo'}."
    else:
        return None
    return Answer(dialogues.REQUESTS["yes" if true else "no"].swahili, reasoning)


def _writing(message: str, rng: random.Random) -> Answer | None:
    match = _ABOUT.search(message)
    if not match or "\n" in message:
        return None
    wanted = match[2].lower()
    subjects = dialogues.SUBJECTS.items()
    label = next((label for label, names in subjects if wanted in names), None)
    if label is None:
        return None
    number = next((int(digit) for digit in re.findall(r"\b[2-5]\b", message)), 1)
    lines = [_sentence(label, rng) for _ in range(number)]
    count = "sentensi moja" if number == 1 else f"sentensi {number}"
    subject = dialogues.SUBJECTS[label].swahili
    return Answer(" ".join(lines), f"Mada ni {subject}. Ninaandika {count}.")


def _sentence(label: str, rng: random.Random) -> str:
    if label in opinions.LABELS:
        return opinions.write(label, rng).swahili
    return sentences.compose(rng, label).swahili


def _passage(message: str, rng: random.Random) -> Answer | None:
    for task in reversed(_tasks(message)):
        if found := passages.answer(task.text, task.request):
            statement = wording.to_swahili(found.statement) or found.statement
            return Answer(statement, _says(found))
        if "maandishi haya yanahusu nini" in task.request.lower():
            topic = wording.topic_of(task.text)
            if topic:
                return Answer(f"Maandishi haya yanahusu {TOPICS[topic]}.", "Ninatazama maneno.")
    for task in reversed(_tasks(message)):
        if task.request.endswith("?") and (best := nearest(task.text, task.request)):
            return Answer(best, "Ninatafuta sentensi ya maandishi iliyo na maneno ya swali.")
    return None


def nearest(text: str, question: str) -> str | None:
    """The one sentence of a text that shares most of its words with a question, or None."""
    asked = set(plain(question).split())
    scored = []
    for sentence in split_sentences(text):
        words = set(plain(sentence).split())
        scored.append((len(words & asked) / max(1, len(words | asked)), sentence))
    scored.sort(reverse=True)
    if not scored or scored[0][0] == 0 or (len(scored) > 1 and scored[0][0] == scored[1][0]):
        return None
    return scored[0][1]


def _sum(message: str, rng: random.Random) -> Answer | None:
    if answered := sums.answer(message):
        return Answer(answered.swahili, None)
    request = dialogues.REQUESTS["number"].swahili
    found = sums.solve(message.removesuffix(request).rstrip())
    if found is None:
        return None
    return Answer(found.brief if message.endswith(request) else found.statement, found.steps)


def _says(found: passages.Answer) -> str:
    return f"Jibu limo katika maandishi. Yanasema: {found.phrase}."


def _fact(message: str, rng: random.Random) -> Answer | None:
    fact = facts.find(message)
    if fact is None:
        return None
    return Answer(fact.statement.swahili, _of_kind(fact))


def _of_kind(fact: facts.Fact) -> str:
    return f"Swali linauliza kuhusu {facts.KINDS[fact.group]}. Jibu ni {fact.answer.swahili}."


def _dialogue(message: str, rng: random.Random) -> Answer | None:
    turn = dialogues.answer(message)
    return (
        Answer(turn.swahili, "Haya ni mazungumzo ya kila siku. Ninajibu kwa adabu.")
        if turn
        else None
    )


_HANDLERS: tuple[Callable[[str, random.Random], Answer | None], ...] = (
    _multiple_choice,
    _sum,
    _fact,
    _dialogue,
    _truth,
    _translation,
    _classification,
    _summary,
    _listing,
    _passage,
    _writing,
)
