"""Write the report: one self-contained HTML page of what was built and how good it is.

python -m limbeck.report.write --settings JSON --output results/report.html
"""

from pathlib import Path

from limbeck import files, stage
from limbeck.report.collect import Settings, collect
from limbeck.report.render import render


def main() -> None:
    """Write the page."""
    parser = stage.parser(__doc__)
    parser.add_argument("--settings", required=True, type=stage.json_option(Settings))
    parser.add_argument("--output", required=True, type=Path, help="the page")
    options = parser.parse_args()
    files.write_text(options.output, render(options.settings, collect(options.settings)))


if __name__ == "__main__":
    stage.run(main)
