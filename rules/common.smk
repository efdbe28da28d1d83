"""
The validated config, for all rules.

What decides a result goes into `params:` (settings, and a digest of the stage's own code); what
only changes speed goes into `threads:` and `resources:`, which make nothing stale.
"""

import shlex
import sys
from os.path import exists

# What is planned is of the code that the stages run, whatever is installed.
sys.path.insert(0, f"{workflow.basedir}/src")

from limbeck.files import write_json
from limbeck.workflow import (
    accompanied,
    alone,
    checkpoints,
    classified,
    grouped,
    judged,
    kept,
    memory,
    programs,
    scored,
    shown,
    terminal,
    told,
    written,
)
from limbeck.workflow.bucket import Bucket
from limbeck.workflow.build import ASKED, load
from limbeck.workflow.cluster import Machine
from limbeck.workflow.digest import digests, pinned, source_digest
from limbeck.workflow.hastened import hasten
from limbeck.workflow.once import once
from limbeck.workflow.options import overlaid
from limbeck.workflow.places import local_files, option
from limbeck.workflow.settings import as_json, general

wanted = overlaid(config, workflow.config_settings.config_args or [])
build = load(wanted)
settings = build.config
bucket = Bucket(settings.bucket, workflow) if settings.bucket else None
machine = Machine(workflow)
machine.one_by_one()
terminal.install(workflow.output_settings)

# Every stage runs the code beside this workflow, in whatever environment, on whatever machine, and
# ends with the process that started it. A prefix of one's own takes the place of Snakemake's, by
# which a stage ends at its first command that fails.
shell.prefix(
    "set -euo pipefail; export LIMBECK_RUN=$PPID PYTHONPATH="
    + shlex.quote(f"{workflow.basedir}/src")
    + "${{PYTHONPATH:+:$PYTHONPATH}}; "
)


onstart:
    alone.claim()
    machine.check()
    if bucket:
        bucket.check()
    write_json("logs/config.json", wanted)
    kept.sweep()


onsuccess:
    if bucket:
        bucket.publish(
            ["results/build.json", "results/ro-crate-metadata.json", *build.pages()]
        )
    # A run of a part leaves what others of its config may want to have put back.
    if all(map(exists, build.targets())):
        kept.prune(settings.keep * 1e9)
