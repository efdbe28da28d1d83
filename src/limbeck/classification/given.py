"""Write the examples that come with the data: a training set that another teacher wrote.

python -m limbeck.classification.given --language card.json --task config/tasks/topic.yaml
    --file FOLDER/topic/sw-train_full.csv --test test.jsonl --output given.parquet

Texts that are in the test set, too, are left out, and counted.
"""

import sys
from pathlib import Path

from limbeck import files, stage
from limbeck.classification.data import read_csv, without
from limbeck.classification.select import schema
from limbeck.classification.tasks import load
from limbeck.errors import UserError


def main() -> None:
    """Run the stage."""
    parser = stage.parser(__doc__)
    parser.add_argument("--language", type=files.read_json, required=True)
    for name in ("task", "file", "test", "output"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    options = parser.parse_args()
    task = load(options.task)
    found = read_csv(options.file, task)
    kept = without(found, files.read_jsonl(options.test))
    if len({row["label"] for row in kept}) < 2:
        raise UserError(f"{options.file}: examples of two labels at least are wanted")
    print(
        f"{task.name}: {len(kept)} given examples; {len(found) - len(kept)} more are in the test "
        "set",
        file=sys.stderr,
    )
    told = dict.fromkeys(schema().names) | {"language": options.language["code"]}
    files.write_parquet(options.output, [told | row for row in kept], schema())


if __name__ == "__main__":
    stage.run(main)
