"""What the stages of one language would ask, found out by running them with a pretending teacher.

Each is given what earlier ones made: rows of journaled replies, rows of made-up ones, files where
they are there, and else rows that are made up too. Nothing is written and nothing is fetched.
"""

import contextlib
import io
from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from limbeck.classification import classify, data, examples, prepare, tasks
from limbeck.config import BUILTIN, DATA_SETS, HUB, Examples, Role
from limbeck.costs import amounts, judged, made
from limbeck.costs.pretend import Asked, Memory, Pretender
from limbeck.costs.tally import records
from limbeck.dataset import sentences
from limbeck.dataset.rows import from_response, from_text, from_translation
from limbeck.evaluation import catalogue, questions, translator
from limbeck.evaluation import prepare as benchmarks
from limbeck.files import Row
from limbeck.generation import (
    backtranslate,
    beside,
    check_rows,
    contexts,
    instructions,
    personas,
    pivot,
    respond,
    revise,
    scenarios,
    templates,
    topics,
    translate,
)
from limbeck.generation.instructions import Instructions
from limbeck.generation.native import TEMPLATES, Native
from limbeck.generation.tree import Node
from limbeck.languages import Language
from limbeck.sources import conversations, texts
from limbeck.teacher.client import Request
from limbeck.workflow import classified, scored

if TYPE_CHECKING:
    from limbeck.workflow.build import Build

SUBJECTS = "write_subjects"  # the stage that is of no language
# Texts and items of the published test sets, which are not read before they are prepared.
ITEMS = {
    "flores": 1012,
    "sib200": 204,
    "belebele": 900,
    "global_mmlu": 14042,
    "global_mmlu_lite": 400,
    "topic": 204,
    "intent": 565,
    "sentiment": 748,
}
# Their bytes, as English has them: of an item with its question, of a text.
ITEM = {"flores": 200, "sib200": 250, "belebele": 900}
QUESTION, TEXT, WORD, CONVERSATION, SENTENCE = 500, 150, 6, 2000, 120


def journal_of(work: Path, code: str, stage: str) -> Path:
    """The journal of a stage in a language, or of the one that all languages share."""
    return work / "journal" / ("shared" if stage == SUBJECTS else code) / f"{stage}.jsonl"


class Replay:
    """The stages of one language."""

    def __init__(
        self, build: "Build", language: Language, work: Path, sizes: Mapping[str, float],
        memory: Memory, subjects: tuple[list[Node], list[Node]] | None = None,
    ) -> None:  # fmt: skip
        self.build, self.settings = build, build.config
        self.code, self.card = language.code, dict(language.card())
        self.work = work
        self.sizes, self.size, self.memory = sizes, sizes[language.code], memory
        self.subjects = subjects  # topics and scenarios that another language has listed
        self.roles: dict[str, Role] = {}
        self.asked: dict[str, Asked] = {}
        self.rows: list[Row] = []  # in the form of those that the filters keep
        self.items: dict[str, amounts.Items] = {}  # by benchmark

    def run(self) -> None:
        """Fill ``asked`` and ``roles``, by stage, and ``rows`` and ``items``."""
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            self._generation()
            for name in self.build.benchmarks(self.code):
                self._scores(name)
            judged.ask(self.build, self.code, self.size, self._teacher, self._told)
            if wanted := self.settings.classification.written:
                for name in self.build.tasks(self.code):
                    self._classification(tasks.find(name), wanted)

    def _teacher(self, stage: str, role: Role) -> Pretender:
        settings = self.build.teacher_settings(role, self.code)
        journal = journal_of(self.work, self.code, stage)
        teacher = Pretender(
            settings, self.settings.connection(role), journal, stage, self.code, self.sizes,
            records(journal, settings.model), self.memory,
        )  # fmt: skip
        self.asked[stage], self.roles[stage] = teacher.asked, role
        return teacher

    def _told(self, name: str, templates: Mapping[str, Collection[str]]) -> Instructions:
        return instructions.load(Path(self.settings.instructions(name)), templates)

    def _prompts(self) -> list[Row]:
        """All prompts, some of them rewritten."""
        generation, seed, card = self.settings.generation, self.settings.seed, self.card
        people = self._people()
        rows = self._trees(people)
        teacher = self._teacher("write_contexts", "generator")
        told = self._told("contexts", contexts.TEMPLATES)
        about = contexts.Settings(
            teacher=teacher.settings, contexts=generation.contexts,
            diversity=generation.diversity, seed=seed,
        )  # fmt: skip
        rows += contexts.write(self._texts(), about, teacher, card, told, self._beside(people))

        teacher = self._teacher("revise_prompts", "reviser")
        told = self._told("revise", revise.TEMPLATES)
        rewriting = revise.Settings(
            teacher=teacher.settings, revision=generation.revision,
            overlap=generation.diversity.overlap, seed=seed,
        )  # fmt: skip
        return revise.revise(rows, rewriting, teacher, card, told, self.native)

    def _generation(self) -> None:
        generation, seed, card = self.settings.generation, self.settings.seed, self.card
        rows = self._prompts()
        teacher = self._teacher("answer_prompts", "generator")
        told = self._told("respond", respond.TEMPLATES)
        answering = respond.Settings(
            teacher=teacher.settings, seed=seed, lengths=generation.responses.lengths,
            traces=generation.responses.traces, min_reasoning=0.0,
        )  # fmt: skip
        responses = respond.answer(rows, answering, teacher, card, told, self.native)

        told = self._told("translate", translate.TEMPLATES)
        if generation.pivots:
            teacher = self._teacher("translate_answers", "translator")
            responses = pivot.translated(responses, teacher, card, told, self.native)
        teacher = self._teacher("translate_conversations", "translator")
        alone = self.settings.teacher.role("translator").only_translates
        shown = Native() if alone else self.native
        translations = translate.translate(self._conversations(), teacher, card, told, shown)
        self._learn(responses, from_response)
        self._learn(translations, from_translation)
        if self.settings.sentences:
            english = self._told("backtranslate", backtranslate.TEMPLATES)
            teacher = self._teacher("backtranslate_sentences", "translator")
            found = backtranslate.backtranslate(self._sentences(), teacher, card, english)
            self._learn(found, from_translation)
        if any(student.mixture.texts for student in self.settings.students.values()):
            self._learn(self._texts(), from_text)
        if any(student.mixture.asks_in_language for student in self.settings.students.values()):
            shared = self._told("dataset", templates.TEMPLATES)
            asked = templates.conversation(card, shared)
            self._teacher("translate_templates", "translator").ask(
                [asked], lambda row: translate.prompt(row, card, told), templates.parse
            )
        if generation.checks.judge or generation.checks.round_trip:
            self._checks(responses, translations)

    def _learn(self, rows: list[Row], form: Callable[[Row], Row]) -> None:
        """Keep rows for the students, as the filters would."""
        self.rows += [form(row) for row in rows if not row.get("failure")]

    def _trees(self, people: list[str]) -> list[Row]:
        """The prompts from topics and scenarios."""
        generation, card = self.settings.generation, self.card
        of_topics = self._told("topics", topics.TEMPLATES)
        of_scenarios = self._told("scenarios", scenarios.TEMPLATES)
        lists, tree, other = generation.lists, generation.topics, generation.scenarios
        if self.subjects is None:
            teacher = self._teacher(SUBJECTS, "generator")
            self.subjects = (
                topics.general(tree, lists, teacher, of_topics, self._nobody()),
                scenarios.general(other, lists, teacher, of_scenarios, self._nobody()),
            )
        shared, also = self.subjects
        teacher = self._teacher("write_topics", "generator")
        shown = self._beside(people)
        rows = topics.write(shared, tree, lists, teacher, card, of_topics, shown)
        teacher = self._teacher("write_scenarios", "generator")
        shown = self._beside(people)
        return rows + scenarios.write(also, other, lists, teacher, card, of_scenarios, shown)

    def _people(self) -> list[str]:
        """Who ask, where the config wants them described."""
        if not (count := self.settings.generation.diversity.personas):
            return []
        told = self._told("beside", beside.TEMPLATES)
        teacher = self._teacher("write_personas", "generator")
        rows = personas.write(count, teacher, self.card, told)
        return [row["text"] for row in rows if not row["failure"]]

    def _beside(self, people: list[str]) -> beside.Beside:
        told = self._told("beside", beside.TEMPLATES)
        wanted = self.settings.generation.diversity
        return beside.Beside(told, self.card, wanted, people, self.native)

    def _nobody(self) -> beside.Beside:
        told = self._told("beside", beside.TEMPLATES)
        return beside.Beside(told, None, self.settings.generation.diversity)

    @cached_property
    def native(self) -> Native:
        """Passages of the language, as `limbeck.dataset.sentences` chose them or could."""
        if not (count := self.settings.generation.examples) or not self.settings.texts.limit:
            return Native()
        told = self._told("native", TEMPLATES)
        rows = made.chosen(self.settings, self.code, "examples", count)
        if not rows:
            chosen = self._chosen(sentences.OF_A_TEXT * self.settings.texts.limit)
            rows = sentences.passages(chosen, count)
        return Native(told, self.card, [row["text"] for row in rows])

    def _checks(self, responses: list[Row], translations: list[Row]) -> None:
        checker = self._teacher("judge_responses", "checker")
        back = self._teacher("translate_back", "translator")
        told = self._told("checks", check_rows.TEMPLATES)
        settings = check_rows.Settings(
            checker=checker.settings, translator=back.settings,
            checks=self.settings.generation.checks, seed=self.settings.seed,
            max_lost=self.settings.filters.max_lost,
        )  # fmt: skip
        check_rows.check(responses, translations, settings, checker, back, self.card, told)

    def _scores(self, name: str) -> None:
        section = self.settings.benchmarks
        test, shots = self._items(name)
        benchmark = catalogue.find(name, section.custom.get(name))
        if test:
            settings = questions.Settings(**section.asking(name), seed=self.settings.seed)
            told = catalogue.load_instructions(Path(scored.prompts(self.build, self.code)))
            asked = questions.questions(benchmark, test, shots, told, self.card, settings)
            prompts: list[Any] = asked.prompts
        else:
            data_set = DATA_SETS.get(name, name)
            each = round(ITEM.get(data_set, QUESTION) * (1 + self.size) / 2)
            count = min(section.limit, ITEMS.get(data_set, section.limit))
            shown = [_said("y" * each)] * section.shots
            prompts = [[*shown, _said(f"{number} ".ljust(each, "x"))] for number in range(count)]
        self.items[name] = amounts.items(prompts, section.translates(name))
        if section.teacher:
            self._teacher(f"score-{name}", "judge").ask(prompts, Request, lambda prompt, reply: [])
        if self.settings.teacher.role("translator").only_translates and section.translates(name):
            form = translator.direction(benchmark).form
            self._teacher(f"translator-{name}", "translator").ask(
                translator.texts(asked).prompts if test else [prompt[-1:] for prompt in prompts],
                lambda messages: translator.request(messages, form),
                lambda messages, reply: [],
            )

    def _items(self, name: str) -> tuple[list[Row], list[Row]]:
        """Items and worked examples; nothing where they would have to be fetched."""
        section = self.settings.benchmarks
        places = made.of_the_same_items(self.settings, name)
        if found := made.pair(places, Path(self.code, "benchmarks", name), "test", "shots"):
            return found
        if section.source(name) == HUB:
            return [], []
        settings = benchmarks.Settings(**section.items(name), seed=self.settings.seed)
        own = section.custom.get(name)
        return benchmarks.rows(catalogue.find(name, own), self.card, settings)

    def _classification(self, task: tasks.Task, wanted: Examples) -> None:
        seed = self.settings.seed
        told = self._told("classification", examples.TEMPLATES)
        seeds, test = self._labelled(task)
        teacher = self._teacher(f"examples-{task.name}", "generator")
        settings = examples.Settings(teacher=teacher.settings, examples=wanted, seed=seed)
        preparing = prepare.Settings(**classified.prepared(self.settings))
        english = prepare.english(task, preparing)
        examples.Writing(task, self.card, told, seeds, english, settings, teacher).run()
        teacher = self._teacher(f"classify-{task.name}", "judge")
        # Whether too many of the answers were cut off is the stage's to say.
        classify.classify(task, seeds, test, seed, teacher, self.card, told, max_cut=1.0)

    def _labelled(self, task: tasks.Task) -> tuple[list[Row], list[Row]]:
        """Seeds and test texts."""
        section = self.settings.classification
        places = made.of_the_same(self.settings, "classification", "data", "limit", "seeds")
        folder = Path(self.code, "classification", task.name)
        if found := made.pair(places, folder, "seeds", "test"):
            return found
        if data.at_hand(section.data, task, self.card):
            preparing = prepare.Settings(**classified.prepared(self.settings))
            _, seeds, test = prepare.texts(task, self.card, preparing)
            return seeds, test
        length = round(TEXT * self.size)

        def row(number: int, label: str) -> Row:
            return {
                "id": f"{label}-{number}",
                "text": f"{number} ".ljust(length, "x"),
                "label": label,
            }

        count = ITEMS.get(task.name, section.limit)
        seeds = [row(n, label) for label in task.names for n in range(section.seeds)]
        return seeds if task.human else [], [row(n, "test") for n in range(count)]

    def _texts(self) -> list[Row]:
        section = self.settings.texts
        if section.source == BUILTIN:
            return texts.collect(section, self.card, self.settings.seed)
        length = round(WORD * min(section.max_words, 300) * self.size)
        assumed = {"id": "text", "source": "text", "text": "x" * length}
        path = f"results/{self.code}/texts.jsonl"
        return made.filled(self.settings, path, "texts", assumed)

    def _sentences(self) -> list[Row]:
        """Those that were chosen, or that can be of texts that are here; else as many as wanted."""
        count = self.settings.sentences
        return made.chosen(self.settings, self.code, "sentences", count) or self._chosen(count)

    def _chosen(self, count: int) -> list[Row]:
        if self.settings.texts.source == BUILTIN:
            seed = self.settings.seed
            return sentences.choose(self._texts(), count, str(self.card["script"]), seed)
        length = round(SENTENCE * self.size)
        return [
            {"id": f"sentence-{n}", "source": "text", "text": f"{n} ".ljust(length, "x")}
            for n in range(count)
        ]

    def _conversations(self) -> list[Row]:
        section = self.settings.conversations
        if section.source == BUILTIN:
            return conversations.collect(section, self.settings.seed)
        turns = (("user", CONVERSATION // 4), ("assistant", 3 * CONVERSATION // 4))
        said = [{"role": role, "content": "x" * length} for role, length in turns]
        assumed = {"id": "conversation", "messages": said}
        path = "resources/conversations.jsonl"
        return made.filled(self.settings, path, "conversations", assumed)


def _said(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}
