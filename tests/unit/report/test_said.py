"""What models said, as the page shows it."""

from pathlib import Path
from typing import Any

from limbeck.files import write_parquet
from limbeck.report import said

PROMPT = '[{"role": "user", "content": "Juma huja kwa nini?"}]'


def test_an_option_that_was_not_shown_stands_there_as_its_text(tmp_path: Path) -> None:
    row: dict[str, Any] = {"id": "1", "prompt": PROMPT, "reply": "{}", "gold": "A", "score": 0.0}
    chosen = {"predicted": "C", "gold_text": "basi", "predicted_text": "gari"}
    for model, more in (("whole", chosen), ("letters", {"predicted": "C"})):
        (tmp_path / model).mkdir()
        write_parquet(tmp_path / model / "belebele.items.parquet", [row | more])
    score = {"ask": "likelihood", "metric": "accuracy", "n": 1}
    items = said.collect(tmp_path, {model: {"belebele": score} for model in ("whole", "letters")})
    assert [(item.gold, item.question) for item in items] == [("basi", "Juma huja kwa nini?")]
    assert [answer.text for answer in items[0].answers] == ["gari", "C"]
