"""
What the teacher writes. Each reply is journaled under work/, so that nothing is paid for twice.

REQUIRED INPUTS:  <results>/{language}/{language.json,texts.jsonl,sentences.jsonl,examples.jsonl}, <resources>/conversations.jsonl, config/prompts/
OUTPUTS:          <resources>/{topics,scenarios}.jsonl, <results>/{language}/{personas,topics,scenarios,contexts,prompts,responses,translations,backtranslations,checks}.jsonl, <results>/{language}/templates.json
"""


rule write_personas:
    """Describe the people who ask, once for the language"""
    input:
        language="<results>/{language}/language.json",
        instructions=ancient(settings.instructions("beside")),
    output:
        personas=ensure("<results>/{language}/personas.jsonl", non_empty=True),
    log:
        "<logs>/{language}/write_personas.log",
    benchmark:
        "<logs>/{language}/write_personas.tsv"
    conda:
        "../envs/teacher.yaml"
    threads: 1
    resources:
        teacher=1,
        connection=build.connection("generator"),
    params:
        code=source_digest("limbeck.generation.personas"),
        told=lambda w: told.prompts(build, "beside", "personas", "earlier"),
        settings=lambda w: as_json(
            teacher=build.teacher("generator", w.language),
            people=settings.generation.diversity.personas,
            seed=settings.seed,
        ),
        journal="work/journal/{language}/write_personas.jsonl",
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.generation.personas \
            --language {input.language:q} \
            --instructions {input.instructions:q} \
            --settings {params.settings:q} \
            --connection {resources.connection:q} \
            --journal {params.journal:q} \
            --output {output.personas:q}
        """


rule write_subjects:
    """List topics and scenarios of anybody's life, once for all languages"""
    input:
        topics=ancient(settings.instructions("topics")),
        scenarios=ancient(settings.instructions("scenarios")),
        beside=ancient(settings.instructions("beside")),
    output:
        topics="<resources>/topics.jsonl",
        scenarios="<resources>/scenarios.jsonl",
    log:
        "<logs>/write_subjects.log",
    benchmark:
        "<logs>/write_subjects.tsv"
    conda:
        "../envs/teacher.yaml"
    threads: 1
    resources:
        teacher=1,
        connection=build.connection("generator"),
    params:
        code=source_digest("limbeck.generation.subjects"),
        told=lambda w: told.subjects(build),
        settings=lambda w: as_json(
            teacher=build.teacher("generator", build.codes[0]),
            **general(settings.generation),
            seed=settings.seed,
        ),
        journal="work/journal/shared/write_subjects.jsonl",
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.generation.subjects \
            --topics-instructions {input.topics:q} \
            --scenarios-instructions {input.scenarios:q} \
            --beside {input.beside:q} \
            --settings {params.settings:q} \
            --connection {resources.connection:q} \
            --journal {params.journal:q} \
            --topics {output.topics:q} \
            --scenarios {output.scenarios:q}
        """


rule write_topics:
    """Write prompts from a tree of topics"""
    input:
        subjects="<resources>/topics.jsonl",
        language="<results>/{language}/language.json",
        instructions=ancient(settings.instructions("topics")),
        beside=ancient(settings.instructions("beside")),
        native=ancient(settings.instructions("native")),
        personas=lambda w: accompanied.personas(build, w),
        examples=lambda w: accompanied.examples(build, w),
    output:
        topics=ensure("<results>/{language}/topics.jsonl", non_empty=True),
    log:
        "<logs>/{language}/write_topics.log",
    benchmark:
        "<logs>/{language}/write_topics.tsv"
    conda:
        "../envs/teacher.yaml"
    threads: 1
    resources:
        teacher=1,
        connection=build.connection("generator"),
    params:
        code=source_digest("limbeck.generation.topics"),
        told=lambda w: told.prompts(
            build, "topics", "macro_topics", "topics", "prompts"
        )
        + told.beside(build)
        + told.native(build),
        settings=lambda w: as_json(
            teacher=build.teacher("generator", w.language),
            topics=settings.generation.topics,
            lists=settings.generation.lists,
            diversity=settings.generation.diversity,
            seed=settings.seed,
        ),
        personas=lambda w, input: option("--personas", input.personas),
        examples=lambda w, input: option("--examples", input.examples),
        journal="work/journal/{language}/write_topics.jsonl",
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.generation.topics \
            --subjects {input.subjects:q} \
            --language {input.language:q} \
            --instructions {input.instructions:q} \
            --beside {input.beside:q} \
            {params.personas:q} \
            --native {input.native:q} \
            {params.examples:q} \
            --settings {params.settings:q} \
            --connection {resources.connection:q} \
            --journal {params.journal:q} \
            --output {output.topics:q}
        """


rule write_scenarios:
    """Write prompts of people in scenarios"""
    input:
        subjects="<resources>/scenarios.jsonl",
        language="<results>/{language}/language.json",
        instructions=ancient(settings.instructions("scenarios")),
        beside=ancient(settings.instructions("beside")),
        native=ancient(settings.instructions("native")),
        personas=lambda w: accompanied.personas(build, w),
        examples=lambda w: accompanied.examples(build, w),
    output:
        scenarios="<results>/{language}/scenarios.jsonl",
    log:
        "<logs>/{language}/write_scenarios.log",
    benchmark:
        "<logs>/{language}/write_scenarios.tsv"
    conda:
        "../envs/teacher.yaml"
    threads: 1
    resources:
        teacher=1,
        connection=build.connection("generator"),
    params:
        code=source_digest("limbeck.generation.scenarios"),
        told=lambda w: told.prompts(build, "scenarios", "local", "detailed", "prompts")
        + told.beside(build)
        + told.native(build),
        settings=lambda w: as_json(
            teacher=build.teacher("generator", w.language),
            scenarios=settings.generation.scenarios,
            lists=settings.generation.lists,
            diversity=settings.generation.diversity,
            seed=settings.seed,
        ),
        personas=lambda w, input: option("--personas", input.personas),
        examples=lambda w, input: option("--examples", input.examples),
        journal="work/journal/{language}/write_scenarios.jsonl",
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.generation.scenarios \
            --subjects {input.subjects:q} \
            --language {input.language:q} \
            --instructions {input.instructions:q} \
            --beside {input.beside:q} \
            {params.personas:q} \
            --native {input.native:q} \
            {params.examples:q} \
            --settings {params.settings:q} \
            --connection {resources.connection:q} \
            --journal {params.journal:q} \
            --output {output.scenarios:q}
        """


rule write_contexts:
    """Write prompts about texts of the language"""
    input:
        texts="<results>/{language}/texts.jsonl",
        language="<results>/{language}/language.json",
        instructions=ancient(settings.instructions("contexts")),
        beside=ancient(settings.instructions("beside")),
        personas=lambda w: accompanied.personas(build, w),
    output:
        contexts="<results>/{language}/contexts.jsonl",
    log:
        "<logs>/{language}/write_contexts.log",
    benchmark:
        "<logs>/{language}/write_contexts.tsv"
    conda:
        "../envs/teacher.yaml"
    threads: 1
    resources:
        teacher=1,
        connection=build.connection("generator"),
    params:
        code=source_digest("limbeck.generation.contexts"),
        told=lambda w: told.contexts(build),
        settings=lambda w: as_json(
            teacher=build.teacher("generator", w.language),
            contexts=settings.generation.contexts,
            diversity=settings.generation.diversity,
            seed=settings.seed,
        ),
        personas=lambda w, input: option("--personas", input.personas),
        journal="work/journal/{language}/write_contexts.jsonl",
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.generation.contexts \
            --texts {input.texts:q} \
            --language {input.language:q} \
            --instructions {input.instructions:q} \
            --beside {input.beside:q} \
            {params.personas:q} \
            --settings {params.settings:q} \
            --connection {resources.connection:q} \
            --journal {params.journal:q} \
            --output {output.contexts:q}
        """


rule revise_prompts:
    """Gather all prompts and rewrite a share of them"""
    input:
        prompts=lambda w: written.prompts(build, w),
        language="<results>/{language}/language.json",
        instructions=ancient(settings.instructions("revise")),
        native=ancient(settings.instructions("native")),
        examples=lambda w: accompanied.examples(build, w),
    output:
        prompts=ensure("<results>/{language}/prompts.jsonl", non_empty=True),
    log:
        "<logs>/{language}/revise_prompts.log",
    benchmark:
        "<logs>/{language}/revise_prompts.tsv"
    conda:
        "../envs/teacher.yaml"
    threads: 1
    resources:
        teacher=1,
        connection=build.connection("reviser"),
    params:
        code=source_digest("limbeck.generation.revise"),
        told=lambda w: told.revision(build),
        settings=lambda w: as_json(
            teacher=build.teacher("reviser", w.language),
            revision=settings.generation.revision,
            overlap=settings.generation.diversity.overlap,
            seed=settings.seed,
        ),
        examples=lambda w, input: option("--examples", input.examples),
        journal="work/journal/{language}/revise_prompts.jsonl",
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.generation.revise \
            --prompts {input.prompts:q} \
            --language {input.language:q} \
            --instructions {input.instructions:q} \
            --native {input.native:q} \
            {params.examples:q} \
            --settings {params.settings:q} \
            --connection {resources.connection:q} \
            --journal {params.journal:q} \
            --output {output.prompts:q}
        """


rule answer_prompts:
    """Answer the prompts, with the reasoning"""
    input:
        prompts="<results>/{language}/prompts.jsonl",
        language="<results>/{language}/language.json",
        instructions=ancient(settings.instructions("respond")),
        native=ancient(settings.instructions("native")),
        examples=lambda w: accompanied.examples(build, w),
        translate=ancient(written.pivot_instructions(build)),
    output:
        responses=ensure("<results>/{language}/responses.jsonl", non_empty=True),
    log:
        "<logs>/{language}/answer_prompts.log",
    benchmark:
        "<logs>/{language}/answer_prompts.tsv"
    conda:
        "../envs/teacher.yaml"
    threads: 1
    resources:
        teacher=1,
        connection=build.connection("generator"),
        translator=build.connection("translator"),
    params:
        code=source_digest("limbeck.generation.respond"),
        told=lambda w: told.responses(build),
        settings=lambda w: as_json(
            teacher=build.teacher("generator", w.language),
            translator=written.pivot_translator(build, w.language),
            seed=settings.seed,
            lengths=settings.generation.responses.lengths,
            traces=settings.generation.responses.traces,
            min_reasoning=written.min_reasoning(build),
        ),
        translate=lambda w, input: (
            ["--translate", *input.translate] if input.translate else []
        ),
        examples=lambda w, input: option("--examples", input.examples),
        journal="work/journal/{language}/answer_prompts.jsonl",
        translations="work/journal/{language}/translate_answers.jsonl",
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.generation.respond \
            --prompts {input.prompts:q} \
            --language {input.language:q} \
            --instructions {input.instructions:q} \
            --native {input.native:q} \
            {params.examples:q} \
            --settings {params.settings:q} \
            --connection {resources.connection:q} \
            --journal {params.journal:q} \
            {params.translate:q} \
            --translator {resources.translator:q} \
            --translations {params.translations:q} \
            --output {output.responses:q}
        """


rule translate_conversations:
    """Translate the English conversations"""
    input:
        conversations="<resources>/conversations.jsonl",
        language="<results>/{language}/language.json",
        instructions=ancient(settings.instructions("translate")),
        native=ancient(settings.instructions("native")),
        examples=lambda w: accompanied.translation_examples(build, w),
    output:
        translations=ensure("<results>/{language}/translations.jsonl", non_empty=True),
    log:
        "<logs>/{language}/translate_conversations.log",
    benchmark:
        "<logs>/{language}/translate_conversations.tsv"
    conda:
        "../envs/teacher.yaml"
    threads: 1
    resources:
        teacher=1,
        connection=build.connection("translator"),
    params:
        code=source_digest("limbeck.generation.translate"),
        told=lambda w: told.prompts(build, "translate") + told.native(build),
        settings=lambda w: as_json(
            teacher=build.teacher("translator", w.language), seed=settings.seed
        ),
        examples=lambda w, input: option("--examples", input.examples),
        journal="work/journal/{language}/translate_conversations.jsonl",
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.generation.translate \
            --conversations {input.conversations:q} \
            --language {input.language:q} \
            --instructions {input.instructions:q} \
            --native {input.native:q} \
            {params.examples:q} \
            --settings {params.settings:q} \
            --connection {resources.connection:q} \
            --journal {params.journal:q} \
            --output {output.translations:q}
        """


rule backtranslate_sentences:
    """Translate sentences that people wrote into English"""
    input:
        sentences="<results>/{language}/sentences.jsonl",
        language="<results>/{language}/language.json",
        instructions=ancient(settings.instructions("backtranslate")),
    output:
        backtranslations="<results>/{language}/backtranslations.jsonl",
    log:
        "<logs>/{language}/backtranslate_sentences.log",
    benchmark:
        "<logs>/{language}/backtranslate_sentences.tsv"
    conda:
        "../envs/teacher.yaml"
    threads: 1
    resources:
        teacher=1,
        connection=build.connection("translator"),
    params:
        code=source_digest("limbeck.generation.backtranslate"),
        told=lambda w: told.prompts(build, "backtranslate"),
        settings=lambda w: as_json(
            teacher=build.teacher("translator", w.language), seed=settings.seed
        ),
        journal="work/journal/{language}/backtranslate_sentences.jsonl",
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.generation.backtranslate \
            --sentences {input.sentences:q} \
            --language {input.language:q} \
            --instructions {input.instructions:q} \
            --settings {params.settings:q} \
            --connection {resources.connection:q} \
            --journal {params.journal:q} \
            --output {output.backtranslations:q}
        """


rule translate_templates:
    """Translate the requests of translation pairs, once for the language"""
    input:
        language="<results>/{language}/language.json",
        instructions=ancient(settings.instructions("translate")),
        templates=ancient(settings.instructions("dataset")),
    output:
        templates="<results>/{language}/templates.json",
    log:
        "<logs>/{language}/translate_templates.log",
    benchmark:
        "<logs>/{language}/translate_templates.tsv"
    conda:
        "../envs/teacher.yaml"
    threads: 1
    resources:
        teacher=1,
        connection=build.connection("translator"),
    params:
        code=source_digest("limbeck.generation.templates"),
        told=lambda w: told.templates(build),
        settings=lambda w: as_json(
            teacher=build.teacher("translator", w.language), seed=settings.seed
        ),
        journal="work/journal/{language}/translate_templates.jsonl",
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.generation.templates \
            --language {input.language:q} \
            --instructions {input.instructions:q} \
            --templates {input.templates:q} \
            --settings {params.settings:q} \
            --connection {resources.connection:q} \
            --journal {params.journal:q} \
            --output {output.templates:q}
        """


rule check_rows:
    """Have a share of the answers judged, and of the translations translated back"""
    input:
        responses=lambda w: written.responses(build, w),
        translations=lambda w: written.translations(build, w),
        language="<results>/{language}/language.json",
        instructions=ancient(settings.instructions("checks")),
    output:
        checks="<results>/{language}/checks.jsonl",
    log:
        "<logs>/{language}/check_rows.log",
    benchmark:
        "<logs>/{language}/check_rows.tsv"
    conda:
        "../envs/evaluate.yaml"
    threads: 1
    resources:
        teacher=1,
        checker=build.connection("checker"),
        translator=build.connection("translator"),
    params:
        code=source_digest("limbeck.generation.check_rows"),
        told=lambda w: told.checks(build),
        settings=lambda w: as_json(
            checker=build.teacher("checker", w.language),
            translator=build.teacher("translator", w.language),
            checks=settings.generation.checks,
            max_lost=settings.filters.max_lost,
            seed=settings.seed,
        ),
        journal="work/journal/{language}/judge_responses.jsonl",
        back="work/journal/{language}/translate_back.jsonl",
        responses=lambda w, input: option("--responses", input.responses),
        translations=lambda w, input: option("--translations", input.translations),
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.generation.check_rows \
            {params.responses:q} \
            {params.translations:q} \
            --language {input.language:q} \
            --instructions {input.instructions:q} \
            --settings {params.settings:q} \
            --checker {resources.checker:q} \
            --translator {resources.translator:q} \
            --journal {params.journal:q} \
            --back {params.back:q} \
            --output {output.checks:q}
        """
