"""Write a language's report: one self-contained HTML page of what was built and how good it is.

python -m limbeck.report.write --folder results/swh_Latn --records logs/swh_Latn --settings JSON
    --output results/swh_Latn/report.html
"""

from pathlib import Path

from limbeck import files, stage
from limbeck.report.collect import Settings, collect
from limbeck.report.render import render


def main() -> None:
    """Write the page."""
    parser = stage.parser(__doc__)
    parser.add_argument("--folder", required=True, type=Path, help="of the language's results")
    parser.add_argument("--records", type=Path, help="Snakemake's records of time and memory")
    parser.add_argument("--settings", required=True, type=stage.json_option(Settings))
    parser.add_argument("--output", required=True, type=Path, help="the page")
    options = parser.parse_args()
    language = collect(options.folder, options.settings, options.records)
    files.write_text(options.output, render(options.settings, language))


if __name__ == "__main__":
    stage.run(main)
