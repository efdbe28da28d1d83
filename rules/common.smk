"""
The validated config, for all rules.

What decides a result goes into `params:` (settings, and a digest of the stage's own code); what
only changes speed goes into `threads:` and `resources:`, which make nothing stale.
"""

import shlex

from limbeck.workflow.cluster import Machine
from limbeck.workflow.digest import source_digest
from limbeck.workflow import memory, shown
from limbeck.workflow.build import ASKED, as_json, load, local_files, pinned

build = load(config)
settings = build.config
machine = Machine(workflow)

# Every stage runs the code beside this workflow, in whatever environment, on whatever machine.
shell.prefix(
    "export PYTHONPATH="
    + shlex.quote(f"{workflow.basedir}/src")
    + "${{PYTHONPATH:+:$PYTHONPATH}}; "
)


onstart:
    machine.check()
