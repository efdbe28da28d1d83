"""Names, codes and scripts of languages."""

from limbeck.languages.names import COVERAGE, TABLE, covered, languages, resolve, search
from limbeck.languages.variety import Language, fold

__all__ = [
    "COVERAGE",
    "TABLE",
    "Language",
    "covered",
    "fold",
    "languages",
    "resolve",
    "search",
]
