"""What is asked about open questions: translations, a teacher's answers, verdicts on pairs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from limbeck import files
from limbeck.costs.pretend import OTHERS, Pretender, unlike
from limbeck.evaluation.answers import Kept
from limbeck.files import Row
from limbeck.generation import translate
from limbeck.generation.instructions import Instructions
from limbeck.judgement import open_answers, open_questions, pairs, question_file
from limbeck.models.protocol import Done, Generation, ignore
from limbeck.student.encoding import Message
from limbeck.teacher.client import Request
from limbeck.workflow import judged
from limbeck.workflow.build import ASKED

if TYPE_CHECKING:
    from limbeck.workflow.build import Build

Told = Callable[[str, Mapping[str, Any]], Instructions]


@dataclass(slots=True)
class Pretending:
    """A model that is not asked; ``teacher`` is the pretending one of a model behind HTTP."""

    name: str
    length: int  # bytes of an answer
    teacher: Pretender | None
    digest: str = ""
    tools: dict[str, str] = field(default_factory=dict)
    gives_likelihood: bool = False
    max_tokens: int | None = None

    def count(self, text: str) -> None:
        """See `limbeck.models.protocol.Model`."""

    def generate(
        self,
        prompts: Sequence[Sequence[Message]],
        max_tokens: int,
        *,
        thinking: bool = False,
        done: Done = ignore,
    ) -> list[Generation]:
        """Made-up replies, none of which equals another model's."""
        if self.teacher:
            texts = self.teacher.ask(prompts, Request, lambda prompt, reply: [reply.content])
        else:
            texts = [unlike(f"{self.name} {place} ", self.length) for place in range(len(prompts))]
        found = [Generation(text, "stop") for text in texts]
        for place, reply in enumerate(found):
            done(place, reply)
        return found

    def loglikelihood(self, *asked: Any, **named: Any) -> list[list[float]]:
        """Nobody asks for it."""
        raise NotImplementedError


def ask(
    build: "Build", code: str, size: float, teacher: Callable[..., Pretender], told: Told
) -> None:
    """Ask what the stages of `rules/judgement.smk` ask.

    Args:
        size: of a text over its English, in bytes.
        teacher: makes the pretending teacher of a stage and role.
        told: reads what teachers are told in a matter.
    """
    section, rehearsal = build.config.judgement, build.config.rehearsal
    if not section.against:
        return
    card = dict(build.language(code).card())
    path = Path(section.file(card)).expanduser()
    most = rehearsal.items if rehearsal else None
    questions = list(files.spread(question_file.load(path), most))
    if not section.in_language:
        instructions = told("translate", translate.TEMPLATES)
        translator = teacher("prepare_questions", "translator")
        questions = open_questions.translated(questions, translator, card, instructions)
        questions = [row for row in questions if not row["failure"]]
    answers: dict[str, dict[str, Row]] = {}
    for model in judged.models(build):
        made = Path(f"results/{code}/judgement/answers/{model}.jsonl")
        asked = teacher("answer_questions", ASKED[model]) if model in ASKED else None
        pretending = Pretending(model, round(size * OTHERS["text"]), asked)
        rows = open_answers.answers(questions, pretending, section.max_tokens, Kept(None))
        if asked is None and made.is_file():
            rows = list(files.read_jsonl(made))
        answers[model] = {row["id"]: row for row in rows}
    known = [row for row in questions if all(row["id"] in own for own in answers.values())]
    rows = [row for models in judged.pairs(build) for row in pairs.pairs(known, answers, models)]
    instructions = told("judgement", pairs.TEMPLATES)
    pairs.judge(rows, teacher("judge_pairs", "checker"), card, instructions)
