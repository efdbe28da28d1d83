"""
From a base and a training set to a student.

REQUIRED INPUTS:  <results>/{language}/{student}/{train,validation}.parquet
OUTPUTS:          <results>/{language}/{student}/{base/,checkpoint/,{base,checkpoint}.manifest.json,training.json}
"""


# A merged student is not trained.
ruleorder: merge_student > train_student


rule create_base:
    """Make or fetch the base that a student starts from"""
    input:
        train=build.base_rows,
        files=build.base_files,
    output:
        base=directory("<results>/{language}/{student}/base"),
        manifest="<results>/{language}/{student}/base.manifest.json",
    log:
        "<logs>/{language}/{student}/create_base.log",
    benchmark:
        "<logs>/{language}/{student}/create_base.tsv"
    group:
        lambda w: grouped.base(build, machine, w)
    conda:
        "../envs/export.yaml"
    threads: 1
    resources:
        runtime=lambda w, attempt: machine.minutes(
            grouped.base(build, machine, w), w, attempt
        ),
        mem_mb=lambda w, attempt: machine.memory(
            memory.holding(
                memory.first(build.student(w.student).base, settings.students)
            ),
            attempt,
        ),
    params:
        code=lambda w: programs.base(build, w),
        settings=lambda w: as_json(**build.base(w)),
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.student.base \
            --train {input.train:q} \
            --settings {params.settings:q} \
            --output {output.base:q}

        python -m limbeck.workflow.manifest {output.base:q} \
            --output {output.manifest:q}
        """


rule train_student:
    """Train a student on the assistant's turns"""
    input:
        base=ancient("<results>/{language}/{student}/base"),
        manifest="<results>/{language}/{student}/base.manifest.json",
        train="<results>/{language}/{student}/train.parquet",
        validation="<results>/{language}/{student}/validation.parquet",
    output:
        checkpoint=directory("<results>/{language}/{student}/checkpoint"),
        manifest="<results>/{language}/{student}/checkpoint.manifest.json",
        history="<results>/{language}/{student}/training.json",
    log:
        "<logs>/{language}/{student}/train_student.log",
    benchmark:
        "<logs>/{language}/{student}/train_student.tsv"
    conda:
        "../envs/train.yaml"
    threads: lambda w: machine.training_threads(build.student(w.student).training.devices)
    resources:
        gpu=lambda w: machine.gpu(build.student(w.student).training.devices),
        mem_mb=lambda w, attempt: machine.memory(
            memory.student(w.student, settings.students), attempt
        ),
        runtime=lambda w, attempt: machine.minutes(None, w, attempt, times=4),
        nodes=1,  # whose devices it sees
        device_tokens=lambda w: build.student(w.student).training.device_tokens,
        shard=lambda w: int(build.student(w.student).training.shard),
    params:
        code=source_digest("limbeck.student.train"),
        settings=lambda w: as_json(
            training=build.training(w.student),
            trust_remote_code=build.student(w.student).trust_remote_code,
            seed=settings.seed,
            **({"longest": True} if settings.rehearsal else {}),
        ),
        work="work/training/{language}/{student}",
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.student.train \
            --base {input.base:q} \
            --train {input.train:q} \
            --validation {input.validation:q} \
            --settings {params.settings:q} \
            --device-tokens {resources.device_tokens} \
            --devices {resources.gpu} \
            --shard {resources.shard} \
            --code {params.code:q} \
            --work {params.work:q} \
            --checkpoint {output.checkpoint:q} \
            --history {output.history:q}

        python -m limbeck.workflow.manifest {output.checkpoint:q} \
            --output {output.manifest:q}
        """


rule merge_student:
    """Add the weights of checkpoints"""
    input:
        base=ancient("<results>/{language}/{student}/base"),
        manifest="<results>/{language}/{student}/base.manifest.json",
        students=lambda w: checkpoints.merged_manifests(build.student(w.student), w),
        files=lambda w: checkpoints.merged_files(build.student(w.student)),
    output:
        checkpoint=directory("<results>/{language}/{student}/checkpoint"),
        manifest="<results>/{language}/{student}/checkpoint.manifest.json",
        history="<results>/{language}/{student}/training.json",
    log:
        "<logs>/{language}/{student}/merge_student.log",
    benchmark:
        "<logs>/{language}/{student}/merge_student.tsv"
    wildcard_constraints:
        student=build.merged,
    conda:
        "../envs/export.yaml"
    threads: 1
    params:
        code=source_digest("limbeck.student.merge"),
        settings=lambda w: as_json(**checkpoints.merge(build.student(w.student), w)),
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.student.merge \
            --base {input.base:q} \
            --settings {params.settings:q} \
            --checkpoint {output.checkpoint:q} \
            --history {output.history:q}

        python -m limbeck.workflow.manifest {output.checkpoint:q} \
            --output {output.manifest:q}
        """
