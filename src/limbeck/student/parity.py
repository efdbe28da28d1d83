"""Compare a GGUF with its checkpoint: chat template, tokens, greedy text, next tokens.

    python -m limbeck.student.parity --checkpoint checkpoint/ --gguf F16.gguf \\
        --prompts validation.parquet --settings '{"agreement": 0.99}' --threads 8 \\
        --output parity.json

Conversions go wrong silently: another pre-tokenizer, a lost template, permuted weights all give a
file that loads and talks nonsense. So the same conversations go through transformers and llama.cpp.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field

from limbeck import stage
from limbeck.config import Count, Positive, Section, Share
from limbeck.errors import UserError
from limbeck.files import Row, read_json, read_parquet, write_json
from limbeck.student import encoding
from limbeck.student.llama import Gguf, apart

# Texts on which tokenizers like to differ: spaces, lines, digits, marks, scripts, emoji.
PROBES = (
    "  two  spaces, 12345.67 and a tab\there",
    "lines\n\n\n  * one\n  * two\r\n",
    "naïve café Ñandú ŋ ẹ́ ǃ",
    "漢字 العربية አማርኛ བོད་ 🙂👍🏽",
    "<think>a < b && c > d</think> {{ x }} {% y %}",
)
CONTEXT = 512  # tokens of a text that are compared
GREEDY_TOKENS = 32
TIE = 0.1  # logits nearer than this are a draw: F16 rounds weights and products


class Settings(Section):
    """What decides whether a GGUF passes."""

    agreement: Share = Field(description="Least share of equal next tokens, F16 to checkpoint")
    prompts: Positive = Field(32, description="Conversations compared, at most")
    greedy: Count = Field(8, description="Of these so many are continued, at most")
    trust_remote_code: bool = Field(False, description="Run the code that came with the base")


@dataclass(slots=True)
class Result:
    """What was compared and what differed. ``failures`` are phrases; none is a pass."""

    figures: dict[str, Any] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)


def conversations(rows: Sequence[Row], count: int) -> list[tuple[list[encoding.Message], bool]]:
    """Up to ``count`` conversations that end with an answer, and whether they are thinking rows."""
    found = []
    for row in rows[:: max(1, len(rows) // count)]:
        messages = [{"role": m["role"], "content": m["content"]} for m in row["messages"]]
        if len(messages) > 1 and messages[-1]["role"] == "assistant":
            found.append((messages, row.get("form") == "thinking"))
    probe = [({"role": "user", "content": text}, {"role": "assistant", "content": text})
             for text in PROBES]  # fmt: skip
    return found[:count] or [(list(messages), False) for messages in probe]


def compare_text(tokenizer: Any, gguf: Gguf, talks: list[Any], result: Result) -> None:
    """Rendered templates and token ids must be equal, thinking on and off."""
    prompts = [messages[:-1] for messages, _ in talks]
    prompts += [[{"role": "user", "content": text}] for text in PROBES]
    if not gguf.template:
        result.failures.append("the GGUF has no chat template")
        return
    templates = tokens = 0
    for messages in prompts:
        for thinking in (False, True):
            ours = encoding.render(tokenizer, messages, thinking=thinking, generation_prompt=True)
            templates += ours != gguf.render(messages, thinking)
            expected = tokenizer(ours, add_special_tokens=False)["input_ids"]
            tokens += expected != gguf.tokenize(ours)
    total = 2 * len(prompts)
    result.figures |= {
        "prompts": total, "templates_equal": total - templates, "tokens_equal": total - tokens
    }  # fmt: skip
    if templates:
        result.failures.append(f"{templates} of {total} prompts are rendered differently")
    if tokens:
        result.failures.append(f"{tokens} of {total} prompts become different tokens")


def next_tokens(model: Any, ids: Sequence[int]) -> Any:
    """The checkpoint's logits after each of the tokens: (tokens, vocabulary), float32."""
    import torch

    with torch.inference_mode():
        return model(torch.tensor([list(ids)])).logits[0].float().numpy()


def _lost(logits: Any, choices: Any) -> Any:
    """How far each chosen token's logit is below the best, [positions], of [positions, tokens]."""
    return logits.max(-1) - logits[np.arange(len(choices)), choices]


def compare_greedy(model: Any, gguf: Gguf, prompts: list[list[int]], result: Result) -> None:
    """Greedy continuations must be equal, but for draws between two tokens.

    llama.cpp reads the checkpoint's continuation at once: it would have said the same exactly if
    each of these tokens is its likeliest, too.
    """
    import torch

    different = compared = 0
    for prompt in prompts:
        output = model.generate(
            torch.tensor([prompt]),
            do_sample=False,
            max_new_tokens=GREEDY_TOKENS,
            output_logits=True,
            return_dict_in_generate=True,
        )
        ids: list[int] = output.sequences[0].tolist()
        theirs = gguf.logits(ids)[len(prompt) - 1 : -1].argmax(-1)
        lost = _lost(torch.cat(output.logits).float().numpy(), theirs)
        compared += len(lost)
        different += int(lost.max() > TIE)
    result.figures |= {
        "greedy_prompts": len(prompts),
        "greedy_tokens": compared,
        "greedy_equal": len(prompts) - different,
    }
    if different:
        result.failures.append(f"{different} of {len(prompts)} greedy texts differ")


def compare_next(
    model: Any, gguf: Gguf, texts: list[list[int]], least: float, result: Result
) -> None:
    """The likeliest next token must be the checkpoint's at nearly every position.

    How many of the others are draws between two tokens is a figure, too.
    """
    equal = draws = total = 0
    for ids in texts:
        ours, choices = next_tokens(model, ids), gguf.logits(ids).argmax(-1)
        other = ours.argmax(-1) != choices
        equal += int((~other).sum())
        draws += int((other & (_lost(ours, choices) <= TIE)).sum())
        total += len(ids)
    agreement = equal / total
    result.figures |= {
        "positions": total,
        "agreement": round(agreement, 5),
        "draws": draws,
        "least": least,
    }
    if agreement < least:
        result.failures.append(
            f"the next tokens agree at {agreement:.2%} of {total:,} positions, "
            f"{least:.2%} is wanted"
        )


def compare(
    checkpoint: Path, path: Path, rows: list[Row], settings: Settings, threads: int
) -> Result:
    """Compare the file ``path`` with a checkpoint, each of them loaded once."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    torch.set_num_threads(threads)
    trust = settings.trust_remote_code
    tokenizer = AutoTokenizer.from_pretrained(checkpoint, trust_remote_code=trust)
    talks = conversations(rows, settings.prompts)
    result = Result()
    gguf = Gguf(path, CONTEXT + GREEDY_TOKENS, threads)
    compare_text(tokenizer, gguf, talks, result)
    model = AutoModelForCausalLM.from_pretrained(
        checkpoint, dtype=torch.float32, trust_remote_code=trust
    ).eval()
    texts, prompts = [], []
    for messages, thinking in talks:
        text = encoding.render(tokenizer, messages, thinking=thinking)
        texts.append(tokenizer(text, add_special_tokens=False)["input_ids"][:CONTEXT])
        text = encoding.render(tokenizer, messages[:-1], thinking=thinking, generation_prompt=True)
        prompts.append(tokenizer(text, add_special_tokens=False)["input_ids"][-CONTEXT:])
    compare_next(model, gguf, texts, settings.agreement, result)
    if settings.greedy:
        compare_greedy(model, gguf, prompts[: settings.greedy], result)
    return result


def main() -> None:
    """Compare a GGUF with its checkpoint."""
    parser = stage.parser(__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--gguf", type=Path, required=True, help="the F16 file")
    parser.add_argument("--prompts", type=Path, help="validation rows (Parquet)")
    parser.add_argument("--settings", type=stage.json_option(Settings), required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--output", type=Path, required=True, help="the figures (JSON)")
    options = parser.parse_args()
    os.environ["HF_HUB_OFFLINE"] = "1"
    if not options.gguf.is_file():
        raise UserError(f"{options.gguf}: there is no such file")
    read_json(options.checkpoint / "config.json")
    rows = read_parquet(options.prompts) if options.prompts else []
    result = apart(
        options.gguf, compare, options.checkpoint, options.gguf, rows, options.settings,
        options.threads,
    )  # fmt: skip
    figures = ", ".join(f"{key} {value}" for key, value in result.figures.items())
    if result.failures:
        raise UserError(f"{options.gguf}: {'; '.join(result.failures)} ({figures})")
    write_json(options.output, result.figures)
    print(f"parity: {figures}")


if __name__ == "__main__":
    stage.run(main)
