"""lm-evaluation-harness on the very items, shots and prompts of this project's scorer."""

from pathlib import Path
from typing import Any

from limbeck.evaluation.items import Item
from limbeck.evaluation.questions import Questions
from limbeck.files import write_jsonl


def model(checkpoint: Path, batch: int) -> Any:
    """The harness's own wrapper of a checkpoint, in float32."""
    from lm_eval.models.huggingface import HFLM

    return HFLM(
        pretrained=str(checkpoint), dtype="float32", device="cpu", batch_size=batch,
        add_bos_token=False,  # the chat template writes the special tokens that it wants
    )  # fmt: skip


def task(folder: Path, asked: Questions) -> dict[str, Any]:
    """A task of the harness: worked examples as earlier turns, then the question."""
    first = asked.prompts[0]
    examples = [
        {"question": first[place]["content"], "names": [first[place + 1]["content"]], "gold": 0}
        for place in range(0, len(first) - 1, 2)
    ]
    rows = [
        _row(asked, item, messages[-1]["content"])
        for item, messages in zip(asked.items, asked.prompts, strict=True)
    ]
    write_jsonl(folder / "test.jsonl", rows)
    write_jsonl(folder / "shots.jsonl", examples or rows[:1])
    return {
        "task": "limbeck",
        "dataset_path": "json",
        "dataset_kwargs": {
            "data_files": {name: str(folder / f"{name}.jsonl") for name in ("test", "shots")},
            "cache_dir": str(folder / "cache"),
        },
        "test_split": "test",
        "fewshot_split": "shots",
        "fewshot_config": {"sampler": "first_n"},
        "num_fewshot": len(examples),
        "output_type": "multiple_choice",
        "doc_to_text": "{{question}}",
        "doc_to_choice": "names",
        "doc_to_target": "gold",
        "target_delimiter": "",
        "metric_list": [{"metric": "acc"}, {"metric": "acc_norm"}],
    }


def _row(asked: Questions, item: Item, question: str) -> dict[str, Any]:
    gold = list(item.options).index(item.gold)
    return {"question": question, "names": asked.texts(item), "gold": gold}


def evaluate(harness: Any, described: dict[str, Any]) -> list[dict[str, Any]]:
    """The harness's samples, in the order of the items."""
    import lm_eval

    result = lm_eval.simple_evaluate(
        harness, tasks=[described], apply_chat_template=True, fewshot_as_multiturn=True,
        log_samples=True, bootstrap_iters=0, verbosity="ERROR",
    )  # fmt: skip
    return sorted(result["samples"]["limbeck"], key=lambda sample: sample["doc_id"])
