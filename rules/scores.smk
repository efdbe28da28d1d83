"""
Benchmarks, and the scores of every model on them.

REQUIRED INPUTS:  config/benchmarks.yaml, config/prompts/benchmarks.yaml, <results>/{language}/{student}/{base/,checkpoint/,gguf/}
OUTPUTS:          <results>/{language}/benchmarks/{benchmark}/{test,shots}.jsonl, <results>/{language}/scores/{model}/{benchmark}.{json,items.parquet}
"""


rule prepare_benchmark:
    """Write a benchmark's items, and worked examples that are none of them"""
    input:
        language="<results>/{language}/language.json",
        files=build.benchmark_files,
    output:
        test="<results>/{language}/benchmarks/{benchmark}/test.jsonl",
        shots="<results>/{language}/benchmarks/{benchmark}/shots.jsonl",
    log:
        "<logs>/{language}/{benchmark}/prepare_benchmark.log",
    benchmark:
        "<logs>/{language}/{benchmark}/prepare_benchmark.tsv"
    localrule: True
    conda:
        "../envs/evaluate.yaml"
    threads: 1
    params:
        code=lambda w: programs.items(build, w),
        label=lambda w: told.benchmark_label(build, w),
        settings=lambda w: as_json(
            **settings.benchmarks.items(w.benchmark), seed=settings.seed
        ),
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.evaluation.prepare \
            --benchmark {wildcards.benchmark:q} \
            --language {input.language:q} \
            --settings {params.settings:q} \
            --test {output.test:q} \
            --shots {output.shots:q}
        """


rule score_model:
    """Score a model on a benchmark"""
    input:
        test="<results>/{language}/benchmarks/{benchmark}/test.jsonl",
        shots="<results>/{language}/benchmarks/{benchmark}/shots.jsonl",
        language="<results>/{language}/language.json",
        instructions=ancient(lambda w: scored.prompts(build, w.language)),
        model=ancient(lambda w: scored.files(build, w)),
        checked=lambda w: scored.checks(build, w),
    output:
        score="<results>/{language}/scores/{model}/{benchmark}.json",
        answers="<results>/{language}/scores/{model}/{benchmark}.items.parquet",
    log:
        "<logs>/{language}/scores/{model}/{benchmark}/score_model.log",
    benchmark:
        "<logs>/{language}/scores/{model}/{benchmark}/score_model.tsv"
    group:
        lambda w: grouped.score(build, machine, w)
    conda:
        "../envs/evaluate.yaml"
    threads: lambda w: machine.threads(scored.threads(build, w.model))
    resources:
        runtime=lambda w, attempt: machine.minutes(
            grouped.score(build, machine, w), w, attempt
        ),
        teacher=lambda w: int(w.model in ASKED),
        connection=lambda w: scored.connection(build, w),
        gpu=lambda w: machine.gpu(scored.on_accelerator(build, w.model)),
        mem_mb=lambda w, attempt: machine.memory(
            memory.scoring(w.model, settings), attempt
        ),
        batch=settings.benchmarks.batch,
    params:
        code=lambda w: programs.score(build, w),
        told=lambda w: told.benchmark(build, w),
        label=lambda w: told.identified_as(build, w),
        model=lambda w: scored.path(build, w),
        settings=lambda w: scored.settings(build, w),
        journal=scored.journal,
        answers="work/answers/{language}/{model}/{benchmark}.jsonl",
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.evaluation.score \
            --benchmark {wildcards.benchmark:q} \
            --language {input.language:q} \
            --instructions {input.instructions:q} \
            --test {input.test:q} \
            --shots {input.shots:q} \
            --model {params.model:q} \
            --settings {params.settings:q} \
            --connection {resources.connection:q} \
            --journal {params.journal:q} \
            --answers {params.answers:q} \
            --batch {resources.batch} \
            --threads {threads} \
            --output {output.score:q} \
            --items {output.answers:q}
        """
