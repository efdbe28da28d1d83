"""Have a model answer open questions.

python -m limbeck.judgement.open_answers --questions questions.jsonl --model checkpoint/
    --settings JSON --connection JSON --journal FILE --answers answers.jsonl
    --output tiny/student.jsonl

The model is one that `limbeck.evaluation.score` could score. It is asked as it is there: greedily,
without a system prompt or examples, and its answer is what follows its reasoning. Of a question of
several turns each is asked after the model's own answers to those before.

Rows: {"id", "answers", "cut"}; ``cut`` counts the answers that hit their limit. Settings:
{"max_tokens", "teacher", "trust_remote_code"}.
"""

from collections.abc import Sequence
from pathlib import Path

from limbeck import config, files, stage
from limbeck.config import Connection
from limbeck.evaluation import replies
from limbeck.evaluation.answers import Kept, generated
from limbeck.files import Row
from limbeck.judgement.open_questions import said
from limbeck.models import open_model
from limbeck.models.protocol import Model


class Settings(config.Section):
    """What decides the answers, beside model and questions."""

    max_tokens: config.Positive
    teacher: config.TeacherSettings | None = None
    trust_remote_code: bool = False


def answers(questions: Sequence[Row], model: Model, max_tokens: int, kept: Kept) -> list[Row]:
    """A model's answers to all turns of the questions."""
    found: list[Row] = [{"id": row["id"], "answers": [], "cut": 0} for row in questions]
    told: list[list[dict[str, str]]] = [[] for _ in questions]
    for turn in range(max((len(row["turns"]) for row in questions), default=0)):
        asked = [place for place, row in enumerate(questions) if len(row["turns"]) > turn]
        for place in asked:
            told[place] += said([questions[place]["turns"][turn]])
        came, _ = generated([list(told[place]) for place in asked], model, max_tokens, False, kept)
        for place, reply in zip(asked, came, strict=True):
            answer = replies.without_trace(reply.text)
            told[place].append({"role": "assistant", "content": answer})
            found[place]["answers"].append(answer)
            found[place]["cut"] += reply.finish_reason == "length"
    return found


def main() -> None:
    """Run the stage."""
    parser = stage.parser(__doc__)
    add = parser.add_argument
    add("--questions", type=Path, required=True, help="open questions (JSONL)")
    add("--model", required=True, help="a folder, a .gguf file, a name of the hub, or 'teacher'")
    add("--settings", type=stage.json_option(Settings), required=True, help="JSON")
    add("--connection", type=stage.json_option(Connection), help="how the teacher is reached, JSON")
    add("--journal", type=Path, help="keeps the teacher's replies from run to run")
    add("--answers", type=Path, help="keeps the model's answers from run to run")
    add("--batch", type=int, default=16, help="questions at once (speed only)")
    add("--threads", type=int, default=1, help="of the processor (speed only)")
    add("--output", type=Path, required=True)
    options = parser.parse_args()
    settings: Settings = options.settings
    questions = [row for row in files.read_jsonl(options.questions) if not row["failure"]]
    model = open_model(
        options.model, options.batch, options.threads, settings.teacher, options.connection,
        options.journal, settings.trust_remote_code,
    )  # fmt: skip
    rows = answers(questions, model, settings.max_tokens, Kept(options.answers))
    files.write_jsonl(options.output, rows)
    cut = sum(row["cut"] for row in rows)
    print(f"{len(rows)} questions answered, {cut} answers cut off")


if __name__ == "__main__":
    stage.run(main)
