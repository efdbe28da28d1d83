"""The pages' templates, style and script: HTML that asks for nothing outside itself."""

import json
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

from limbeck.report import names

FOLDER = Path(__file__).parent
TEMPLATES = (
    "page.html",
    "index.html",
    "report.html",
    "beside.html",
    "classifiers.html",
    "classification.html",
    "notice.html",
    "said.html",
    "answer.html",
    "judged.html",
    "samples.html",
)


def render(template: str, script: Path = FOLDER / "page.js", **values: Any) -> str:
    """A whole page.

    Args:
        template: its name; it lies here, or beside the script.
        script: of the page.
        values: what it shows.
    """
    import jinja2
    from markupsafe import Markup

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([script.parent, FOLDER]),
        autoescape=True,  # what a teacher or corpus wrote is text, whatever it looks like
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["count"] = names.count
    environment.filters["size"] = names.size
    environment.filters["duration"] = names.duration
    environment.filters["setting"] = names.setting
    environment.filters["pretty"] = lambda value: json.dumps(value, ensure_ascii=False, indent=2)
    return environment.get_template(template).render(
        today=date.today().isoformat(),
        version=version("limbeck"),
        style=Markup((FOLDER / "page.css").read_text("utf-8")),
        script=Markup(script.read_text("utf-8")),
        **values,
    )
