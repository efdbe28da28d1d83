"""
Open questions, answered by two models and judged in pairs, where the config wants it.

REQUIRED INPUTS:  config/questions.yaml, config/prompts/judgement.yaml, <results>/{language}/{student}/{base/,checkpoint/}
OUTPUTS:          <results>/{language}/judgement/{questions.jsonl,answers/{model}.jsonl,pairs.jsonl}, <results>/{language}/judgement.json
"""


rule prepare_questions:
    """Have the open questions translated, once for the language"""
    input:
        language="<results>/{language}/language.json",
        instructions=ancient(settings.instructions("translate")),
        questions=lambda w: judged.question_file(build, w),
    output:
        questions="<results>/{language}/judgement/questions.jsonl",
    log:
        "<logs>/{language}/prepare_questions.log",
    benchmark:
        "<logs>/{language}/prepare_questions.tsv"
    conda:
        "../envs/teacher.yaml"
    threads: 1
    resources:
        teacher=1,
        connection=build.connection("translator"),
    params:
        code=source_digest("limbeck.judgement.open_questions"),
        told=lambda w: told.prompts(build, "translate"),
        settings=lambda w: judged.asking(build, w),
        journal="work/journal/{language}/prepare_questions.jsonl",
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.judgement.open_questions \
            --questions {input.questions:q} \
            --language {input.language:q} \
            --instructions {input.instructions:q} \
            --settings {params.settings:q} \
            --connection {resources.connection:q} \
            --journal {params.journal:q} \
            --output {output.questions:q}
        """


rule answer_questions:
    """Have a model answer the open questions"""
    input:
        questions="<results>/{language}/judgement/questions.jsonl",
        model=ancient(lambda w: scored.files(build, w)),
        checked=lambda w: scored.checks(build, w),
    output:
        answers="<results>/{language}/judgement/answers/{model}.jsonl",
    log:
        "<logs>/{language}/judgement/{model}/answer_questions.log",
    benchmark:
        "<logs>/{language}/judgement/{model}/answer_questions.tsv"
    wildcard_constraints:
        model="|".join(judged.models(build)) or "none",
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
        code=lambda w: programs.answers(build, w),
        model=lambda w: scored.path(build, w),
        settings=lambda w: judged.answering(build, w),
        journal="work/journal/{language}/answer_questions.jsonl",
        answers="work/answers/{language}/{model}/judgement.jsonl",
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.judgement.open_answers \
            --questions {input.questions:q} \
            --model {params.model:q} \
            --settings {params.settings:q} \
            --connection {resources.connection:q} \
            --journal {params.journal:q} \
            --answers {params.answers:q} \
            --batch {resources.batch} \
            --threads {threads} \
            --output {output.answers:q}
        """


rule judge_pairs:
    """Have a judge say which of two answers is better, in both orders"""
    input:
        language="<results>/{language}/language.json",
        instructions=ancient(settings.instructions("judgement")),
        questions="<results>/{language}/judgement/questions.jsonl",
        answers=lambda w: judged.answers(build, w),
    output:
        pairs="<results>/{language}/judgement/pairs.jsonl",
        figures="<results>/{language}/judgement.json",
    log:
        "<logs>/{language}/judge_pairs.log",
    benchmark:
        "<logs>/{language}/judge_pairs.tsv"
    conda:
        "../envs/evaluate.yaml"
    threads: 1
    resources:
        teacher=1,
        connection=build.connection("checker"),
    params:
        code=source_digest("limbeck.judgement.pairs"),
        told=lambda w: told.prompts(build, "judgement"),
        settings=lambda w: judged.judging(build, w),
        journal="work/journal/{language}/judge_pairs.jsonl",
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.judgement.pairs \
            --questions {input.questions:q} \
            --answers results/{wildcards.language:q}/judgement/answers \
            --language {input.language:q} \
            --instructions {input.instructions:q} \
            --settings {params.settings:q} \
            --connection {resources.connection:q} \
            --journal {params.journal:q} \
            --output {output.pairs:q} \
            --figures {output.figures:q}
        """
