"""Sum up what a language's replies cost.

python -m limbeck.costs.sum_costs --journals work/journal/swh_Latn --shared work/journal/shared
    --ledger work/ledger.json --output cost.json

For each stage its replies and tokens, all that its journal holds; the dollars that were paid for
them, null where the config has no price; and the dollars of requests without a reply, which the
endpoint may have billed. What is asked once for all languages stands apart, as "shared".
"""

from pathlib import Path
from typing import Any

from limbeck import files, stage
from limbeck.costs.tally import tally
from limbeck.teacher import budget


def costs(journals: Path, shared: Path, ledger: Path) -> dict[str, Any]:
    """The costs of all stages whose journals are in a folder, and their sum; the shared apart."""
    stages = _stages(journals, ledger)
    total: dict[str, Any] = {}
    for name in ("replies", "prompt_tokens", "completion_tokens", "dollars", "uncertain_dollars"):
        known = [values[name] for values in stages.values() if values[name] is not None]
        total[name] = round(sum(known), 6) if known else None
    return {"stages": stages, "total": total, "shared": _stages(shared, ledger)}


def _stages(journals: Path, ledger: Path) -> dict[str, dict[str, Any]]:
    entries = budget.read(ledger)
    stages: dict[str, dict[str, Any]] = {}
    for journal in sorted(journals.glob("*.jsonl")):
        found, entry = tally(journal), entries.get(str(journal))
        stages[journal.stem] = {
            "replies": found.replies,
            "prompt_tokens": found.prompt_tokens,
            "completion_tokens": found.completion_tokens,
            "dollars": round(entry.paid, 6) if entry else None,
            "uncertain_dollars": round(entry.uncertain, 6) if entry else None,
        }
    return stages


def main() -> None:
    """Run the stage."""
    parser = stage.parser(__doc__)
    parser.add_argument("--journals", type=Path, required=True, help="the language's folder")
    parser.add_argument("--shared", type=Path, required=True, help="that of no language")
    parser.add_argument("--ledger", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    files.write_json(options.output, costs(options.journals, options.shared, options.ledger))


if __name__ == "__main__":
    stage.run(main)
