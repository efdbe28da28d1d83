"""
Small classifiers from examples that the teacher writes, compared with the teacher itself.

REQUIRED INPUTS:  config/tasks/{task}.yaml, config/prompts/classification.yaml, <results>/{language}/language.json
OUTPUTS:          <results>/{language}/classification/{task}/{scores.json,train.parquet,funnel.json,{classifier}/model/}
"""


rule classification:
    """Build all tasks of the config in all its languages, with a page of each, and nothing else"""
    input:
        expand(
            "<results>/{language}/classifiers.html",
            language=[code for code in build.codes if build.tasks(code)],
        ),


rule prepare_task:
    """Write a task's human texts: seeds, a human training set, the test set, and seeds in English"""
    input:
        language="<results>/{language}/language.json",
        task=ancient("config/tasks/{task}.yaml"),
        files=lambda w: classified.task_files(build, w),
    output:
        human="<results>/{language}/classification/{task}/human.jsonl",
        seeds="<results>/{language}/classification/{task}/seeds.jsonl",
        test="<results>/{language}/classification/{task}/test.jsonl",
        english="<results>/{language}/classification/{task}/english.jsonl",
    log:
        "<logs>/{language}/classification/{task}/prepare_task.log",
    benchmark:
        "<logs>/{language}/classification/{task}/prepare_task.tsv"
    localrule: True
    conda:
        "../envs/classify.yaml"
    threads: 1
    params:
        code=programs.sources(
            "limbeck.classification.prepare", settings.classification.data
        ),
        told=lambda w: told.task_texts(build, w),
        settings=lambda w: as_json(**classified.prepared(settings)),
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.classification.prepare \
            --language {input.language:q} \
            --task {input.task:q} \
            --settings {params.settings:q} \
            --human {output.human:q} \
            --seeds {output.seeds:q} \
            --test {output.test:q} \
            --english {output.english:q}
        """


rule write_examples:
    """Have the teacher write labelled examples, and check them"""
    input:
        language="<results>/{language}/language.json",
        task=ancient("config/tasks/{task}.yaml"),
        seeds="<results>/{language}/classification/{task}/seeds.jsonl",
        english="<results>/{language}/classification/{task}/english.jsonl",
        instructions=ancient(settings.instructions("classification")),
    output:
        examples="<results>/{language}/classification/{task}/examples.jsonl",
    log:
        "<logs>/{language}/classification/{task}/write_examples.log",
    benchmark:
        "<logs>/{language}/classification/{task}/write_examples.tsv"
    conda:
        "../envs/teacher.yaml"
    threads: 1
    resources:
        teacher=1,
        connection=build.connection("generator"),
    params:
        code=source_digest("limbeck.classification.examples"),
        told=lambda w: told.examples(build),
        task=told.task,
        settings=lambda w: as_json(
            teacher=build.teacher("generator", w.language),
            examples=settings.classification.examples,
            seed=settings.seed,
        ),
        journal="work/journal/{language}/examples-{task}.jsonl",
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.classification.examples \
            --language {input.language:q} \
            --task {input.task:q} \
            --instructions {input.instructions:q} \
            --seeds {input.seeds:q} \
            --english {input.english:q} \
            --settings {params.settings:q} \
            --connection {resources.connection:q} \
            --journal {params.journal:q} \
            --output {output.examples:q}
        """


rule select_examples:
    """Choose the training set, and say why the other examples are left out"""
    input:
        language="<results>/{language}/language.json",
        examples="<results>/{language}/classification/{task}/examples.jsonl",
        test="<results>/{language}/classification/{task}/test.jsonl",
    output:
        train="<results>/{language}/classification/{task}/train.parquet",
        funnel="<results>/{language}/classification/{task}/funnel.json",
    log:
        "<logs>/{language}/classification/{task}/select_examples.log",
    benchmark:
        "<logs>/{language}/classification/{task}/select_examples.tsv"
    group:
        lambda w: grouped.task(machine, w)
    conda:
        "../envs/dataset.yaml"
    threads: 1
    resources:
        runtime=lambda w, attempt: machine.minutes(grouped.task(machine, w), w, attempt),
    params:
        code=source_digest("limbeck.classification.select"),
        settings=lambda w: as_json(
            examples=settings.classification.examples, seed=settings.seed
        ),
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.classification.select \
            --language {input.language:q} \
            --examples {input.examples:q} \
            --held-out {input.test:q} \
            --settings {params.settings:q} \
            --output {output.train:q} \
            --funnel {output.funnel:q}
        """


rule take_examples:
    """Take the examples that come with the data"""
    input:
        language="<results>/{language}/language.json",
        task=ancient("config/tasks/{task}.yaml"),
        file=lambda w: classified.given(build, w),
        test="<results>/{language}/classification/{task}/test.jsonl",
    output:
        given="<results>/{language}/classification/{task}/given.parquet",
    log:
        "<logs>/{language}/classification/{task}/take_examples.log",
    benchmark:
        "<logs>/{language}/classification/{task}/take_examples.tsv"
    localrule: True
    conda:
        "../envs/dataset.yaml"
    threads: 1
    params:
        code=source_digest("limbeck.classification.given"),
        told=lambda w: told.task_texts(build, w),
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.classification.given \
            --language {input.language:q} \
            --task {input.task:q} \
            --file {input.file:q} \
            --test {input.test:q} \
            --output {output.given:q}
        """


rule classify_with_teacher:
    """Ask the teacher itself: zero-shot, and with the seeds that it wrote from"""
    input:
        language="<results>/{language}/language.json",
        task=ancient("config/tasks/{task}.yaml"),
        seeds="<results>/{language}/classification/{task}/seeds.jsonl",
        test="<results>/{language}/classification/{task}/test.jsonl",
        instructions=ancient(settings.instructions("classification")),
    output:
        predictions="<results>/{language}/classification/{task}/teacher/predictions.parquet",
    log:
        "<logs>/{language}/classification/{task}/classify_with_teacher.log",
    benchmark:
        "<logs>/{language}/classification/{task}/classify_with_teacher.tsv"
    conda:
        "../envs/dataset.yaml"
    threads: 1
    resources:
        teacher=1,
        connection=build.connection("judge"),
    params:
        code=source_digest("limbeck.classification.classify"),
        told=lambda w: told.prompts(build, "classification", "classify"),
        task=told.task,
        settings=lambda w: as_json(
            teacher=build.teacher("judge", w.language),
            seed=settings.seed,
            max_cut=settings.benchmarks.max_cut,
        ),
        journal="work/journal/{language}/classify-{task}.jsonl",
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.classification.classify \
            --language {input.language:q} \
            --task {input.task:q} \
            --instructions {input.instructions:q} \
            --seeds {input.seeds:q} \
            --test {input.test:q} \
            --settings {params.settings:q} \
            --connection {resources.connection:q} \
            --journal {params.journal:q} \
            --output {output.predictions:q}
        """


rule train_classifier:
    """Train a classifier at growing sizes, and keep what it says of the test texts"""
    input:
        language="<results>/{language}/language.json",
        task=ancient("config/tasks/{task}.yaml"),
        instructions=ancient(settings.instructions("classification")),
        train=lambda w: classified.taught(build, w),
        human="<results>/{language}/classification/{task}/human.jsonl",
        seeds="<results>/{language}/classification/{task}/seeds.jsonl",
        test="<results>/{language}/classification/{task}/test.jsonl",
        base=ancient(lambda w: classified.base(build, w)),
        files=lambda w: classified.files(build, w),
    output:
        predictions="<results>/{language}/classification/{task}/{classifier}/predictions.parquet",
        model=directory("<results>/{language}/classification/{task}/{classifier}/model"),
    log:
        "<logs>/{language}/classification/{task}/{classifier}/train_classifier.log",
    benchmark:
        "<logs>/{language}/classification/{task}/{classifier}/train_classifier.tsv"
    group:
        lambda w: grouped.classifier(build, machine, w)
    conda:
        "../envs/classify.yaml"
    threads: 1
    resources:
        runtime=lambda w, attempt: machine.minutes(
            grouped.classifier(build, machine, w), w, attempt, times=4
        ),
        gpu=lambda w: machine.gpu(classified.classifier(build, w).kind != "linear"),
        mem_mb=lambda w, attempt: machine.memory(
            memory.classifier(
                settings.classification.classifiers[w.classifier], settings.students
            ),
            attempt,
        ),
        device_tokens=lambda w: classified.classifier(build, w).training.device_tokens,
    params:
        code=lambda w: programs.classifier(build, w),
        told=lambda w: told.classifier(build, w),
        settings=lambda w: as_json(**classified.settings(build, w)),
        work="work/curves/{language}/{task}/{classifier}",
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.classification.curve \
            --language {input.language:q} \
            --task {input.task:q} \
            --instructions {input.instructions:q} \
            --train {input.train:q} \
            --human {input.human:q} \
            --seeds {input.seeds:q} \
            --test {input.test:q} \
            --settings {params.settings:q} \
            --device-tokens {resources.device_tokens} \
            --threads {threads} \
            --base {input.files:q} \
            --code {params.code:q} \
            --work {params.work:q} \
            --predictions {output.predictions:q} \
            --model {output.model:q}
        """


rule compare_classifiers:
    """Score all systems of a task, and find when a classifier beats the teacher, if one is asked"""
    input:
        task=ancient("config/tasks/{task}.yaml"),
        test="<results>/{language}/classification/{task}/test.jsonl",
        train=lambda w: classified.taught(build, w),
        teacher=lambda w: classified.rival(build, w),
        classifiers=expand(
            "<results>/{language}/classification/{task}/{classifier}/predictions.parquet",
            classifier=settings.classification.classifiers,
            allow_missing=True,
        ),
    output:
        scores="<results>/{language}/classification/{task}/scores.json",
    log:
        "<logs>/{language}/classification/{task}/compare_classifiers.log",
    benchmark:
        "<logs>/{language}/classification/{task}/compare_classifiers.tsv"
    localrule: True
    conda:
        "../envs/classify.yaml"
    threads: 1
    params:
        code=source_digest("limbeck.classification.compare"),
        labels=told.labels,
        classifiers=list(settings.classification.classifiers),
        settings=lambda w: as_json(
            seed=settings.seed,
            data=settings.classification.data,
            questions=settings.questions("judge"),
        ),
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.classification.compare \
            --task {input.task:q} \
            --test {input.test:q} \
            --examples {input.train:q} \
            --teacher {input.teacher:q} \
            --names {params.classifiers:q} \
            --classifiers {input.classifiers:q} \
            --settings {params.settings:q} \
            --output {output.scores:q}
        """
