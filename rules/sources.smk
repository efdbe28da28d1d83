"""
What the flow starts from: a language card, English conversations, texts of the language.

REQUIRED INPUTS:  none
OUTPUTS:          <results>/{language}/{language.json,texts.jsonl}, <resources>/conversations.jsonl
"""


rule describe_language:
    """Write down a language's names, codes and script"""
    output:
        language="<results>/{language}/language.json",
    log:
        "<logs>/{language}/describe_language.log",
    benchmark:
        "<logs>/{language}/describe_language.tsv"
    localrule: True
    conda:
        "../envs/teacher.yaml"
    threads: 1
    params:
        code=source_digest("limbeck.languages.describe"),
        card=lambda w: as_json(**build.language(w.language).card()),
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.languages.describe \
            --language {wildcards.language:q} \
            --output {output.language:q}
        """


rule sample_conversations:
    """Sample the English conversations that all languages translate"""
    input:
        files=local_files(settings.conversations.source),
    output:
        conversations=ensure("<resources>/conversations.jsonl", non_empty=True),
    log:
        "<logs>/sample_conversations.log",
    benchmark:
        "<logs>/sample_conversations.tsv"
    localrule: True
    conda:
        "../envs/dataset.yaml"
    threads: 1
    params:
        code=programs.sources(
            "limbeck.sources.conversations", settings.conversations.source
        ),
        settings=lambda w: as_json(
            conversations=build.conversations(), seed=settings.seed
        ),
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.sources.conversations \
            --settings {params.settings:q} \
            --output {output.conversations:q}
        """


rule sample_texts:
    """Sample texts of the language as contexts"""
    input:
        language="<results>/{language}/language.json",
        files=local_files(settings.texts.source),
    output:
        texts="<results>/{language}/texts.jsonl",
    log:
        "<logs>/{language}/sample_texts.log",
    benchmark:
        "<logs>/{language}/sample_texts.tsv"
    localrule: True
    conda:
        "../envs/dataset.yaml"
    threads: 1
    params:
        code=programs.sources("limbeck.sources.texts", settings.texts.source),
        settings=lambda w: as_json(texts=build.texts(w.language), seed=settings.seed),
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.sources.texts \
            --language {input.language:q} \
            --settings {params.settings:q} \
            --output {output.texts:q}
        """
