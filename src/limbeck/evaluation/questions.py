"""What a model is asked: a sample of a benchmark's items, each as a conversation."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import Field

from limbeck.config import (
    Choice,
    Count,
    Custom,
    LanguageFilter,
    Options,
    Positive,
    PromptLanguage,
    Section,
    Share,
    TeacherSettings,
)
from limbeck.errors import UserError
from limbeck.evaluation import multiple_choice
from limbeck.evaluation.items import Benchmark, Item, prompt
from limbeck.files import Row, digest, spread
from limbeck.generation.instructions import Instructions, fill, language_words
from limbeck.student.encoding import Message

ENGLISH = "eng_Latn"


class Settings(Section):
    """What decides a score, beside model, items and prompts."""

    version: Positive = Field(1, description="Of the benchmark")
    shots: Count
    limit: Positive
    items: Positive | None = Field(None, description="Of these, in a rehearsal")
    max_tokens: Positive
    translation_tokens: Positive = 512
    max_cut: Share = 0.1
    choose_by: Choice
    options: Options = "letters"
    prompts: PromptLanguage = "english"
    thinking: bool = False
    thinking_tokens: Count = 0
    thinking_prompt: str | None = Field(
        None, description="System prompt that asks for it, as in training, where the model had one"
    )
    seed: int
    teacher: TeacherSettings | None = None
    custom: Custom | None = None
    language: LanguageFilter | None = Field(None, description="Identifies generated text")
    trust_remote_code: bool = Field(False, description="Run the code that lies with the model")


@dataclass(frozen=True, slots=True)
class Questions:
    """Items, and a conversation for each."""

    benchmark: Benchmark
    items: list[Item]
    prompts: list[list[Message]]
    split: str
    whole: bool = False  # options are answered by their whole texts
    language: str = ENGLISH  # of the prompts

    def texts(self, item: Item) -> list[str]:
        """What a model may answer, an option each."""
        return list(item.options.values() if self.whole else item.options)

    def text(self, item: Item, name: str | None) -> str | None:
        """The text of an option that was not shown with its letter; None of all others."""
        return item.options.get(name or "") if self.whole else None

    def compared(self, item: Item, scores: Mapping[str, float]) -> Mapping[str, float]:
        """Log-likelihoods as they are compared: of letters raw, of whole options by length."""
        return multiple_choice.per_character(scores, item.options) if self.whole else scores


def questions(
    benchmark: Benchmark,
    rows: Sequence[Row],
    shot_rows: Sequence[Row],
    texts: Instructions,
    card: Row,
    settings: Settings,
) -> Questions:
    """The items that are asked, drawn by seed, each after the same worked examples.

    A smaller limit asks some of the items of a larger one, after the same examples, so that the
    score of a quantised file differs from its student's by the quantisation and the sample alone.

    Raises:
        UserError: there are no items, or fewer examples than are wanted.
    """
    if not rows:
        raise UserError(f"{benchmark.name}: there are no items")
    if len(shot_rows) < settings.shots:
        raise UserError(
            f"{benchmark.name}: {settings.shots} shots are wanted, {len(shot_rows)} are there"
        )
    # Some data sets are sorted by label, so the first rows would be no sample.
    order = random.Random(settings.seed).sample(range(len(rows)), len(rows))
    chosen = sorted(order[: settings.limit])
    items = benchmark.load([rows[index] for index in spread(chosen, settings.items)])
    drawn = random.Random(digest(settings.seed, "shots"))
    shots = drawn.sample(benchmark.load(shot_rows), settings.shots)
    template, whole = benchmark.template(settings.options), benchmark.asks_whole(settings.options)
    prompts = [
        prompt(item, shots, lambda words: texts.render(template, card, words), whole)
        for item in items
    ]
    language = ENGLISH
    if settings.prompts == "own":
        if texts.path.stem == card["code"]:
            language = str(card["code"])
        else:
            print(
                f"there are no prompts in {card['name']} (config/prompts/benchmarks/"
                f"{card['code']}.yaml): it is asked in English"
            )
    if settings.thinking and settings.thinking_prompt:
        words = fill(settings.thinking_prompt, language_words(card), "thinking_prompt")
        prompts = [[{"role": "system", "content": words}, *messages] for messages in prompts]
    split = str(rows[0].get("split", "test"))
    return Questions(benchmark, items, prompts, split, whole, language)
