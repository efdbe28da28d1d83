"""The config's section on what the teacher writes."""

from typing import Literal

from pydantic import Field

from limbeck.config.section import Count, Positive, Section, Share

Pivot = Literal["english"]
_PIVOT = Field(description="Write in English and have it translated; null writes the language")


class Lists(Section):
    """Lists that prompts grow from: each item that is missing costs all prompts below it."""

    tries: Positive = Field(description="Times that a list is asked for which is none or short")
    short: Share = Field(description="Largest share of a list's items that may be missing")


class Topics(Section):
    """Prompts from a tree of topics (Kakugo, section on topic generation)."""

    general_seeds: list[str]
    language_seeds: list[str] = Field(description="{language} is filled in")
    macro_topics: Count = Field(description="Macro-topics of each seed")
    topics: Count = Field(description="Topics of each macro-topic")
    prompts: Positive = Field(description="Prompts of each seed, macro-topic and topic")
    pivot: Pivot | None = _PIVOT

    @property
    def asked(self) -> int:
        """The prompts of the whole tree."""
        seeds = len(self.general_seeds) + len(self.language_seeds)
        return seeds * self.prompts * (1 + self.macro_topics * (1 + self.topics))


class Scenarios(Section):
    """Prompts from scenarios in which a person asks for help."""

    general: Count = Field(description="Broad scenarios of anybody's life")
    local: Count = Field(description="Broad scenarios of the language's speakers")
    detailed: Count = Field(description="Detailed scenarios of each broad one")
    prompts: Positive = Field(description="Prompts of each scenario")
    pivot: Pivot | None = _PIVOT

    @property
    def asked(self) -> int:
        """The prompts of both trees."""
        return (self.general + self.local) * self.prompts * (1 + self.detailed)


Kind = Literal["translate", "summarise", "improve", "classify", "answer"]


class Contexts(Section):
    """Prompts about a text of the corpus."""

    kinds: list[Kind] = Field(
        min_length=1, description="Kinds of prompt, of which each text is dealt one"
    )
    prompts: Positive = Field(description="Prompts asked for a text")
    keep: Positive = Field(description="Prompts kept of these, where texts are plenty")
    plenty: Count = Field(description="Texts from which on they are; of fewer all are kept")

    def kept(self, texts: int) -> int:
        """The prompts of a text that are kept, of so many texts."""
        return min(self.keep, self.prompts) if texts >= self.plenty else self.prompts


Way = Literal["natural", "culture", "harder", "context", "format", "length", "longer", "related"]


class Revision(Section):
    """Rewriting of a share of the prompts."""

    share: Share
    ways: list[Way] = Field(min_length=1, description="Ways of rewriting, one for each prompt")


Length = Literal["natural", "short"]


Traces = Literal["english", "language", "free"]


class Responses(Section):
    """Answers to the prompts."""

    lengths: list[Length] = Field(min_length=1, description="What is asked for, one a prompt")
    traces: Traces = Field(description="The language of the reasoning that is asked for")
    min_reasoning: Share = Field(
        description="Least share with a reasoning trace, where a student learns to think"
    )


class Diversity(Section):
    """What keeps prompts apart from one another, before anything is asked about them."""

    personas: Count = Field(description="People who ask, described once a language")
    shown: Count = Field(description="Earlier topics or scenarios that a request shows, at most")
    overlap: Share | None = Field(
        description="Similarity to an earlier one at which a topic, scenario or prompt is left out"
    )

    @property
    def on(self) -> bool:
        """Whether any of it is."""
        return bool(self.personas or self.shown or self.overlap is not None)


class Checks(Section):
    """What the teacher is asked about its own work."""

    judge: Share = Field(description="Answers that the judge is asked about")
    round_trip: Share = Field(description="Translations that are translated back")


class Generation(Section):
    """What the teacher writes."""

    lists: Lists
    topics: Topics
    scenarios: Scenarios
    contexts: Contexts
    diversity: Diversity
    examples: Count = Field(description="Passages of the language, of which a request shows one")
    revision: Revision
    responses: Responses
    checks: Checks

    @property
    def pivots(self) -> bool:
        """Whether anything is written by way of English."""
        return bool(self.topics.pivot or self.scenarios.pivot)
