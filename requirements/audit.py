"""List the licences and the known vulnerabilities of what a lock installs.

    make audit

Licences are those that the installed packages state of themselves. Vulnerabilities are looked up
by pip-audit, by the names and versions of the lock, in the advisories of the package index. Exit
code 1 where there are any, 2 where they could not be looked up.
"""

import argparse
import json
import re
import subprocess
import sys
from email.message import Message
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

LOCK = Path(__file__).parent / "cpu.txt"
# What obliges whoever passes on a program that holds it, and what nobody says.
NOTABLE = re.compile(r"^not |\b[AL]?GPL|General Public|\bMPL|Mozilla|\bEUPL|\bCC-BY-SA", re.I)
_KIND = "License :: "


def locked(lock: Path) -> dict[str, str]:
    """Package -> version."""
    return dict(re.findall(r"^([\w.-]+)==(\S+)", lock.read_text(encoding="utf-8"), re.MULTILINE))


def licence(stated: Message) -> str:
    """A package's licence in one line, by its metadata: an expression, classifiers, or a text."""
    if expression := stated.get("License-Expression"):
        return str(expression)
    kinds = [kind for kind in stated.get_all("Classifier") or [] if kind.startswith(_KIND)]
    named = [kind.rpartition(" :: ")[2] for kind in kinds if kind != f"{_KIND}OSI Approved"]
    line = next(iter(str(stated.get("License") or "").strip().splitlines()), "")
    return " or ".join(named) or line[:60] or "not stated"


def licences(packages: dict[str, str]) -> dict[str, list[str]]:
    """Licence -> packages, those of the most packages first."""
    found: dict[str, list[str]] = {}
    for package in packages:
        try:
            name = licence(metadata(package))
        except PackageNotFoundError:
            name = "not installed here"
        found.setdefault(name, []).append(package)
    return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))


def vulnerabilities(lock: Path, program: str) -> tuple[list[str], list[str]]:
    """A line for each known one, and the packages that were looked up."""
    command = [program, "--requirement", str(lock), "--no-deps", "--disable-pip",
               "--progress-spinner", "off", "--format", "json"]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True)
        found = json.loads(done.stdout)["dependencies"]
    except (OSError, ValueError, KeyError):
        return [], []
    known = [package for package in found if "vulns" in package]  # others have a skip_reason
    return [
        f"{package['name']} {package['version']}: {one['id']}, mended in "
        f"{', '.join(one['fix_versions']) or 'no release'}"
        for package in known
        for one in package["vulns"]
    ], [package["name"] for package in known]


def main() -> int:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lock", type=Path, default=LOCK)
    parser.add_argument("--pip-audit", default="pip-audit", help="the program")
    options = parser.parse_args()
    packages = locked(options.lock)
    for name, holders in licences(packages).items():
        shown = ", ".join(holders) if NOTABLE.search(name) or len(holders) < 5 else ""
        print(f"{len(holders):>4}  {name}{': ' if shown else ''}{shown}")
    found, asked = vulnerabilities(options.lock, options.pip_audit)
    for line in found:
        print(line)
    print(f"vulnerabilities: {len(found)} known of {len(asked)} packages that were looked up")
    if missing := len(packages) - len(asked):
        print(
            f"not looked up: {missing} of the {len(packages)} packages of {options.lock}, which "
            f"{options.pip_audit} or its database does not reach or know"
        )
    return 1 if found else 2 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
