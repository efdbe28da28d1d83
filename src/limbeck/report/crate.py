"""A build as a Process Run Crate: an RO-Crate 1.1 whose actions are the stages.

https://www.researchobject.org/ro-crate/specification/1.1/ and
https://www.researchobject.org/workflow-run-crate/profiles/0.5/process_run_crate/
"""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

CONTEXT = "https://w3id.org/ro/crate/1.1/context"
_TERMS = {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"}
_PROFILE = "https://w3id.org/ro/wfrun/process/0.5"

Entity = dict[str, Any]


def crate(build: Mapping[str, Any], written: Path) -> Entity:
    """The metadata of the folder of results.

    Args:
        build: what `limbeck.report.provenance` says of a build.
        written: where that was written, in the folder itself.
    """
    folder = f"{written.parent.name}/"
    entities: dict[str, Entity] = {}

    def known(listed: Sequence[Mapping[str, str]]) -> list[Entity]:
        """References to files: those of the folder are its parts, others are named."""
        found = []
        for file in listed:
            inside = file["path"].startswith(folder)
            place = quote(file["path"].removeprefix(folder))
            identity = place if inside else f"#{place}-{file['sha256'][:16]}"
            kind = "File" if inside else "CreativeWork"
            entities[identity] = {
                "@id": identity, "@type": kind, "name": file["path"], "sha256": file["sha256"],
            }  # fmt: skip
            found.append({"@id": identity})
        return found

    software = {
        "@id": "#limbeck", "@type": "SoftwareApplication", "name": "Limbeck",
        "version": " ".join(filter(None, build["limbeck"].values())),
        "softwareRequirements": [f"{name}=={was}" for name, was in build["libraries"].items()],
    }  # fmt: skip
    actions = [
        {
            "@id": f"#{stage['key']}", "@type": "CreateAction", "name": stage["rule"],
            "instrument": {"@id": "#limbeck"}, "object": known(stage["inputs"]),
            "result": known(stage["outputs"]),
        }
        for stage in build["stages"]
    ]  # fmt: skip
    for page in (*build["pages"], f"{folder}{written.name}"):
        place = quote(page.removeprefix(folder))
        entities[place] = {"@id": place, "@type": "File", "name": page}
    languages = ", ".join(build["config"]["languages"])
    root = {
        "@id": "./", "@type": "Dataset", "name": f"Small models and their data: {languages}",
        "description": "Made by Limbeck; build.json has the config and the key of each stage.",
        "datePublished": date.today().isoformat(),
        "license": build["config"]["gguf"]["license"] or "as the cards of models and data say",
        "conformsTo": {"@id": _PROFILE},
        "hasPart": [{"@id": name} for name, one in entities.items() if one["@type"] == "File"],
        "mentions": [{"@id": action["@id"]} for action in actions],
    }  # fmt: skip
    descriptor = {
        "@id": "ro-crate-metadata.json", "@type": "CreativeWork", "about": {"@id": "./"},
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
    }  # fmt: skip
    profile = {
        "@id": _PROFILE,
        "@type": "CreativeWork",
        "name": "Process Run Crate",
        "version": "0.5",
    }
    graph = [descriptor, root, profile, software, *actions, *entities.values()]
    return {"@context": [CONTEXT, _TERMS], "@graph": graph}
