"""
From the name of a language to a scored small model: a table of contents.

The config is explained in config/config.yaml, the rules in the files below, one a stage.
"""

from snakemake.utils import min_version

min_version("9.27")


configfile: "config/config.yaml"


report: "report/workflow.rst"


include: "rules/common.smk"


wildcard_constraints:
    language="|".join(build.codes),
    student="|".join(build.config.students),
    quantization="|".join(build.config.gguf.quantizations) or "none",
    model="|".join(build.models),
    benchmark="|".join(build.config.benchmarks.run) or "none",
    task="|".join(build.config.classification.tasks) or "none",
    classifier="|".join(build.config.classification.classifiers) or "none",


rule all:
    """Build everything that the config asks for"""
    default_target: True
    input:
        build.targets(),


include: "rules/sources.smk"
include: "rules/generation.smk"
include: "rules/dataset.smk"
include: "rules/student.smk"
include: "rules/gguf.smk"
include: "rules/scores.smk"
include: "rules/judgement.smk"
include: "rules/classification.smk"


# Nothing above is made twice; pages and cards cost nothing to make.
once(workflow, bucket)


include: "rules/report.smk"


hasten(workflow)
