"""
What the teachers cost, and one page that shows what was built and how good it is.

REQUIRED INPUTS:  <results>/{language}/, all of it
OUTPUTS:          <results>/{language}/cost.json, <results>/report.html
"""


rule sum_costs:
    """Sum up what the language's replies cost, once all have come"""
    input:
        asked=[
            "<results>/{language}/responses.jsonl",
            "<results>/{language}/translations.jsonl",
        ],
        scores=build.teacher_scores,
        extras=build.extras,
    output:
        cost="<results>/{language}/cost.json",
    log:
        "<logs>/{language}/sum_costs.log",
    benchmark:
        "<benchmarks>/{language}/sum_costs.tsv"
    conda:
        "../envs/teacher.yaml"
    threads: 1
    params:
        code=source_digest("limbeck.teacher.cost"),
    shell:
        r"""
        exec &> >(tee {log:q})

        python -m limbeck.teacher.cost \
            --journals work/journal/{wildcards.language:q} \
            --ledger work/ledger.json \
            --output {output.cost:q}
        """


rule write_report:
    """Write the report"""
    input:
        scores=build.scores(),
        classification=build.classification(),
        funnels=expand("<results>/{language}/funnel.json", language=build.codes),
        costs=expand("<results>/{language}/cost.json", language=build.codes),
        histories=expand(
            "<results>/{language}/{student}/{file}",
            language=build.codes,
            student=settings.students,
            file=["mixture.json", "training.json", "gguf/parity.json"],
        ),
    output:
        report="<results>/report.html",
    log:
        "<logs>/write_report.log",
    benchmark:
        "<benchmarks>/write_report.tsv"
    conda:
        "../envs/report.yaml"
    threads: 1
    params:
        code=source_digest("limbeck.report.write"),
        settings=lambda w: build.report_settings(),
    shell:
        r"""
        exec &> >(tee {log:q})

        python -m limbeck.report.write \
            --settings {params.settings:q} \
            --output {output.report:q}
        """
