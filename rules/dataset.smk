"""
From the teacher's rows to a training set.

REQUIRED INPUTS:  <results>/{language}/{texts,responses,translations,backtranslations,checks}.jsonl, <results>/{language}/language.json, <results>/{language}/templates.json, <results>/{language}/benchmarks/
OUTPUTS:          <results>/{language}/{sentences.jsonl,examples.jsonl}, <results>/{language}/{rows.parquet,removed.jsonl,funnel.json}, <results>/{language}/{student}/{train.parquet,validation.parquet,mixture.json}
"""


rule choose_sentences:
    """Choose sentences and passages that people wrote, and none that a benchmark holds"""
    input:
        language="<results>/{language}/language.json",
        texts="<results>/{language}/texts.jsonl",
        held_out=build.held_out,
    output:
        sentences="<results>/{language}/sentences.jsonl",
        examples="<results>/{language}/examples.jsonl",
    log:
        "<logs>/{language}/choose_sentences.log",
    benchmark:
        "<logs>/{language}/choose_sentences.tsv"
    conda:
        "../envs/dataset.yaml"
    threads: 1
    params:
        code=source_digest("limbeck.dataset.sentences"),
        settings=lambda w: as_json(
            sentences=settings.sentences,
            examples=settings.generation.examples,
            held_out=settings.filters.held_out,
            seed=settings.seed,
        ),
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.dataset.sentences \
            --language {input.language:q} \
            --texts {input.texts:q} \
            --held-out {input.held_out:q} \
            --settings {params.settings:q} \
            --sentences {output.sentences:q} \
            --examples {output.examples:q}
        """


rule filter_rows:
    """Keep the rows that deserve to be trained on, and say why the others do not"""
    input:
        language="<results>/{language}/language.json",
        generated=lambda w: written.responses(build, w),
        translations=lambda w: written.translations(build, w),
        backtranslations=lambda w: written.backtranslations(build, w),
        held_out=build.held_out,
        texts=lambda w: written.texts(build, w),
        checks=lambda w: written.checks(build, w),
        identifier=local_files(settings.filters.language.model),
    output:
        rows="<results>/{language}/rows.parquet",
        removed="<results>/{language}/removed.jsonl",
        funnel="<results>/{language}/funnel.json",
    log:
        "<logs>/{language}/filter_rows.log",
    benchmark:
        "<logs>/{language}/filter_rows.tsv"
    conda:
        "../envs/dataset.yaml"
    threads: 1
    params:
        code=programs.filters(build),
        label=lambda w: told.identified_as(build, w),
        settings=lambda w: as_json(filters=build.filters()),
        generated=lambda w, input: option("--generated", input.generated),
        translations=lambda w, input: option("--translations", input.translations),
        backtranslations=lambda w, input: option(
            "--backtranslations", input.backtranslations
        ),
        texts=lambda w, input: option("--texts", input.texts),
        checks=lambda w, input: option("--checks", input.checks),
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.dataset.filter_rows \
            --language {input.language:q} \
            {params.generated:q} \
            {params.translations:q} \
            {params.backtranslations:q} \
            --held-out {input.held_out:q} \
            {params.texts:q} \
            {params.checks:q} \
            --settings {params.settings:q} \
            --rows {output.rows:q} \
            --removed {output.removed:q} \
            --funnel {output.funnel:q}
        """


rule mix_rows:
    """Mix a student's training and validation sets"""
    input:
        rows="<results>/{language}/rows.parquet",
        language="<results>/{language}/language.json",
        instructions=ancient(settings.instructions("dataset")),
        templates=lambda w: written.templates(build, w, w.student),
    output:
        train="<results>/{language}/{student}/train.parquet",
        validation="<results>/{language}/{student}/validation.parquet",
        mixture="<results>/{language}/{student}/mixture.json",
    log:
        "<logs>/{language}/{student}/mix_rows.log",
    benchmark:
        "<logs>/{language}/{student}/mix_rows.tsv"
    conda:
        "../envs/dataset.yaml"
    threads: 1
    params:
        code=source_digest("limbeck.dataset.mix"),
        told=lambda w: told.mixture(build, w),
        settings=lambda w: as_json(mixture=build.mixture(w.student), seed=settings.seed),
        templates=lambda w, input: option("--templates", input.templates),
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.dataset.mix \
            --rows {input.rows:q} \
            --language {input.language:q} \
            --instructions {input.instructions:q} \
            {params.templates:q} \
            --settings {params.settings:q} \
            --train {output.train:q} \
            --validation {output.validation:q} \
            --mixture {output.mixture:q}
        """
