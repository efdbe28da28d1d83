"""Write the digests of an output's files: what is made from it is stale when they change.

    python -m limbeck.workflow.manifest results/swh_Latn/tiny/base \\
        --output results/swh_Latn/tiny/base.manifest.json

Snakemake compares small files by their content; a folder, or a file of gigabytes, it has by its
time stamp alone, which a copy changes.
"""

from pathlib import Path

from limbeck import stage
from limbeck.errors import UserError
from limbeck.files import write_json
from limbeck.workflow import kept


def main() -> None:
    """Write a manifest."""
    parser = stage.parser(__doc__)
    parser.add_argument("made", type=Path, help="a file or folder")
    parser.add_argument("--output", type=Path, required=True, help="the manifest (JSON)")
    options = parser.parse_args()
    if not options.made.exists():
        raise UserError(f"{options.made}: there is no such file or folder")
    files = kept.files(options.made).items()
    write_json(
        options.output, {name or options.made.name: kept.file_digest(f) for name, f in files}
    )


if __name__ == "__main__":
    stage.run(main)
