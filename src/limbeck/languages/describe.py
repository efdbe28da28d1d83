"""Write a language's card.

python -m limbeck.languages.describe --language swh_Latn --output results/swh_Latn/language.json
"""

from pathlib import Path

from limbeck import files, stage
from limbeck.languages.names import resolve


def main() -> None:
    """Run the stage."""
    parser = stage.parser(__doc__)
    parser.add_argument("--language", required=True, help="a name or code")
    parser.add_argument("--output", required=True, type=Path, help="the card, JSON")
    options = parser.parse_args()
    files.write_json(options.output, resolve(options.language).card())


if __name__ == "__main__":
    stage.run(main)
