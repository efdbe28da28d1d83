"""
What the teachers, training and scoring cost, pages that show what was built and how good it is, cards to publish it by, and what it was built from.

REQUIRED INPUTS:  <results>/{language}/, all of it
OUTPUTS:          <results>/{language}/{cost.json,report.html,dataset_card.md}, <results>/{language}/{student}/{gains.json,model_card.md}, <results>/{scores.tsv,index.html,build.json,ro-crate-metadata.json}
"""


rule sum_costs:
    """Sum up what the language cost, once all is made: replies, and hours of training and scoring"""
    input:
        asked=lambda w: written.asked(build, w),
        extras=lambda w: written.extras(build, w),
        trained=expand(
            "<results>/{language}/{student}/training.json",
            student=settings.students,
            allow_missing=True,
        ),
        scores=lambda w: build.scores(w.language),
        classification=lambda w: build.classification(w.language),
    output:
        cost="<results>/{language}/cost.json",
    log:
        "<logs>/{language}/sum_costs.log",
    benchmark:
        "<logs>/{language}/sum_costs.tsv"
    localrule: True
    conda:
        "../envs/teacher.yaml"
    threads: 1
    resources:
        hardware=settings.hardware.model_dump_json(),
        priced=int(build.priced),
    params:
        code=source_digest("limbeck.costs.sum_costs"),
        models=build.models,
        teachers=lambda w: build.asked_models(w.language),
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.costs.sum_costs \
            --journals work/journal/{wildcards.language:q} \
            --shared work/journal/shared \
            --teachers {params.teachers:q} \
            --priced {resources.priced} \
            --ledger work/ledger.json \
            --records logs/{wildcards.language:q} \
            --models {params.models:q} \
            --hardware {resources.hardware:q} \
            --output {output.cost:q}
        """


rule compare_student:
    """Compare a student with its base, and its thinking with its direct answers"""
    input:
        base=lambda w: build.model_scores(w.language, f"{w.student}/base"),
        student=lambda w: build.model_scores(w.language, f"{w.student}/student"),
        thinking=lambda w: build.model_scores(w.language, f"{w.student}/thinking"),
    output:
        gains="<results>/{language}/{student}/gains.json",
    log:
        "<logs>/{language}/{student}/compare_student.log",
    benchmark:
        "<logs>/{language}/{student}/compare_student.tsv"
    localrule: True
    conda:
        "../envs/evaluate.yaml"
    threads: 1
    params:
        code=source_digest("limbeck.report.gains"),
        settings=lambda w: as_json(seed=settings.seed),
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.report.gains \
            --base {input.base:q} \
            --student {input.student:q} \
            --thinking {input.thinking:q} \
            --settings {params.settings:q} \
            --output {output.gains:q}
        """


rule write_report:
    """Write a language's page: what was built, and how good it is"""
    input:
        language="<results>/{language}/language.json",
        scores=lambda w: build.scores(w.language),
        classification=lambda w: build.classification(w.language),
        judgement=lambda w: judged.figures(build, w),
        funnel="<results>/{language}/funnel.json",
        cost="<results>/{language}/cost.json",
        students=expand(
            "<results>/{language}/{student}/{file}",
            student=settings.students,
            file=["mixture.json", "training.json", "gains.json", "gguf/parity.json"],
            allow_missing=True,
        ),
    output:
        report=report(
            "<results>/{language}/report.html",
            caption="../report/language.rst",
            category="Languages",
            labels={"language": "{language}", "page": "report"},
        ),
    log:
        "<logs>/{language}/write_report.log",
    benchmark:
        "<logs>/{language}/write_report.tsv"
    localrule: True
    conda:
        "../envs/report.yaml"
    threads: 1
    params:
        code=source_digest("limbeck.report.write"),
        settings=lambda w: shown.report(build, w.language),
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.report.write \
            --folder results/{wildcards.language:q} \
            --records logs/{wildcards.language:q} \
            --settings {params.settings:q} \
            --output {output.report:q}
        """


rule write_classifiers:
    """Write a page of a language's classifiers alone, for a build of nothing else"""
    input:
        language="<results>/{language}/language.json",
        scores=lambda w: build.classification(w.language),
    output:
        page=report(
            "<results>/{language}/classifiers.html",
            caption="../report/language.rst",
            category="Languages",
            labels={"language": "{language}", "page": "classifiers"},
        ),
    log:
        "<logs>/{language}/write_classifiers.log",
    benchmark:
        "<logs>/{language}/write_classifiers.tsv"
    localrule: True
    conda:
        "../envs/report.yaml"
    threads: 1
    params:
        code=source_digest("limbeck.report.classifiers"),
        settings=shown.classifiers(build),
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.report.classifiers \
            --folder results/{wildcards.language:q} \
            --settings {params.settings:q} \
            --output {output.page:q}
        """


rule collect_scores:
    """Put the scores of all languages into one table"""
    input:
        scores=build.scores(),
    output:
        table=report(
            "<results>/scores.tsv",
            caption="../report/scores.rst",
            category="Scores",
            labels={"language": "all", "page": "table"},
        ),
    log:
        "<logs>/collect_scores.log",
    benchmark:
        "<logs>/collect_scores.tsv"
    localrule: True
    conda:
        "../envs/report.yaml"
    threads: 1
    params:
        code=source_digest("limbeck.report.collect_scores"),
        settings=lambda w: shown.scores(build),
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.report.collect_scores \
            --results results \
            --settings {params.settings:q} \
            --output {output.table:q}
        """


rule write_index:
    """Write the leaderboard of all languages"""
    input:
        scores="<results>/scores.tsv",
        gains=expand(
            "<results>/{language}/{student}/gains.json",
            language=build.codes,
            student=settings.students,
        ),
    output:
        index=report(
            "<results>/index.html",
            caption="../report/index.rst",
            category="Scores",
            labels={"language": "all", "page": "leaderboard"},
        ),
    log:
        "<logs>/write_index.log",
    benchmark:
        "<logs>/write_index.tsv"
    localrule: True
    conda:
        "../envs/report.yaml"
    threads: 1
    params:
        code=source_digest("limbeck.report.index"),
        settings=lambda w: shown.board(build),
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.report.index \
            --scores {input.scores:q} \
            --results results \
            --settings {params.settings:q} \
            --output {output.index:q}
        """


rule write_dataset_card:
    """Write the data set's card in the Hub's format"""
    input:
        language="<results>/{language}/language.json",
        funnel="<results>/{language}/funnel.json",
        mixtures=expand(
            "<results>/{language}/{student}/mixture.json",
            student=settings.students,
            allow_missing=True,
        ),
    output:
        card=report(
            "<results>/{language}/dataset_card.md",
            caption="../report/card.rst",
            category="Cards",
            labels={"language": "{language}", "page": "data set"},
        ),
    log:
        "<logs>/{language}/write_dataset_card.log",
    benchmark:
        "<logs>/{language}/write_dataset_card.tsv"
    localrule: True
    conda:
        "../envs/report.yaml"
    threads: 1
    params:
        code=source_digest("limbeck.cards.dataset_card"),
        settings=lambda w: shown.dataset(build, w.language),
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.cards.dataset_card \
            --folder results/{wildcards.language:q} \
            --settings {params.settings:q} \
            --output {output.card:q}
        """


rule write_model_card:
    """Write a student's card in the Hub's format"""
    input:
        language="<results>/{language}/language.json",
        scores=lambda w: build.scores(w.language),
        mixture="<results>/{language}/{student}/mixture.json",
        history="<results>/{language}/{student}/training.json",
        gains="<results>/{language}/{student}/gains.json",
        parity="<results>/{language}/{student}/gguf/parity.json",
    output:
        card=report(
            "<results>/{language}/{student}/model_card.md",
            caption="../report/card.rst",
            category="Cards",
            labels={"language": "{language}", "page": "model {student}"},
        ),
        modelfile="<results>/{language}/{student}/gguf/Modelfile",
    log:
        "<logs>/{language}/{student}/write_model_card.log",
    benchmark:
        "<logs>/{language}/{student}/write_model_card.tsv"
    localrule: True
    conda:
        "../envs/report.yaml"
    threads: 1
    params:
        code=source_digest("limbeck.cards.model_card"),
        settings=lambda w: shown.model(build, w.language),
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.cards.model_card \
            --folder results/{wildcards.language:q} \
            --records logs/{wildcards.language:q} \
            --student {wildcards.student:q} \
            --settings {params.settings:q} \
            --output {output.card:q} \
            --modelfile {output.modelfile:q}
        """


rule write_build:
    """Write what the build was made from: config, code, libraries, keys and digests"""
    input:
        results=build.results(),
    output:
        build="<results>/build.json",
        crate="<results>/ro-crate-metadata.json",
    log:
        "<logs>/write_build.log",
    benchmark:
        "<logs>/write_build.tsv"
    localrule: True
    conda:
        "../envs/report.yaml"
    threads: 1
    params:
        code=source_digest("limbeck.report.provenance", without=("limbeck.workflow",)),
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.report.provenance \
            --config logs/config.json \
            --output {output.build:q} \
            --crate {output.crate:q}
        """
