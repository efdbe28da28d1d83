"""
One page that shows what was built and how good it is.

REQUIRED INPUTS:  <results>/{language}/, all of it
OUTPUTS:          <results>/report.html
"""


rule write_report:
    """Write the report"""
    input:
        scores=build.scores(),
        classification=build.classification(),
        funnels=expand("<results>/{language}/funnel.json", language=build.codes),
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
        settings=build.report_settings(),
    shell:
        r"""
        exec &> >(tee {log:q})

        python -m limbeck.report.write \
            --settings {params.settings:q} \
            --output {output.report:q}
        """
