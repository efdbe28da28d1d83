"""
From a checkpoint to files for llama.cpp.

REQUIRED INPUTS:  <results>/{language}/{student}/{checkpoint/,validation.parquet}
OUTPUTS:          <resources>/llama.cpp/, <results>/{language}/{student}/gguf/{F16,Q8_0,...}.{gguf,manifest.json}, <results>/{language}/{student}/gguf/parity.json
"""


rule fetch_converter:
    """Fetch llama.cpp's own converter, of the version that runs the models"""
    output:
        converter=directory("<resources>/llama.cpp"),
        manifest="<resources>/llama.cpp.manifest.json",
    log:
        "<logs>/fetch_converter.log",
    benchmark:
        "<logs>/fetch_converter.tsv"
    localrule: True
    conda:
        "../envs/export.yaml"
    threads: 1
    params:
        code=source_digest("limbeck.student.converter"),
        version=pinned("llama-cpp-python"),
        sha256=digests("llama-cpp-python"),
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.student.converter \
            --version {params.version:q} \
            --sha256 {params.sha256:q} \
            --output {output.converter:q}

        python -m limbeck.workflow.manifest {output.converter:q} \
            --output {output.manifest:q}
        """


rule export_gguf:
    """Convert a checkpoint to GGUF"""
    input:
        checkpoint=ancient("<results>/{language}/{student}/checkpoint"),
        converter=ancient("<resources>/llama.cpp"),
        manifests=[
            "<results>/{language}/{student}/checkpoint.manifest.json",
            "<resources>/llama.cpp.manifest.json",
        ],
    output:
        gguf="<results>/{language}/{student}/gguf/F16.gguf",
        manifest="<results>/{language}/{student}/gguf/F16.manifest.json",
    log:
        "<logs>/{language}/{student}/export_gguf.log",
    benchmark:
        "<logs>/{language}/{student}/export_gguf.tsv"
    group:
        lambda w: grouped.student(build, machine, w)
    conda:
        "../envs/export.yaml"
    threads: 1
    resources:
        runtime=lambda w, attempt: machine.minutes(
            grouped.student(build, machine, w), w, attempt
        ),
        mem_mb=lambda w, attempt: machine.memory(
            memory.exporting(w.student, settings.students), attempt
        ),
    params:
        code=source_digest("limbeck.student.export"),
        metadata=build.metadata,
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.student.export \
            --checkpoint {input.checkpoint:q} \
            --converter {input.converter:q} \
            --metadata {params.metadata:q} \
            --output {output.gguf:q}

        python -m limbeck.workflow.manifest {output.gguf:q} \
            --output {output.manifest:q}
        """


rule check_gguf:
    """Compare the GGUF with its checkpoint: template, tokens, text, next tokens"""
    input:
        checkpoint=ancient("<results>/{language}/{student}/checkpoint"),
        gguf=ancient("<results>/{language}/{student}/gguf/F16.gguf"),
        manifests=[
            "<results>/{language}/{student}/checkpoint.manifest.json",
            "<results>/{language}/{student}/gguf/F16.manifest.json",
        ],
        prompts="<results>/{language}/{student}/validation.parquet",
    output:
        parity="<results>/{language}/{student}/gguf/parity.json",
    log:
        "<logs>/{language}/{student}/check_gguf.log",
    benchmark:
        "<logs>/{language}/{student}/check_gguf.tsv"
    group:
        lambda w: grouped.student(build, machine, w)
    conda:
        "../envs/export.yaml"
    threads: lambda w: machine.threads(16)
    resources:
        runtime=lambda w, attempt: machine.minutes(
            grouped.student(build, machine, w), w, attempt
        ),
        mem_mb=lambda w, attempt: machine.memory(
            memory.exporting(w.student, settings.students), attempt
        ),
    params:
        code=source_digest("limbeck.student.parity"),
        settings=lambda w: as_json(
            agreement=settings.gguf.agreement,
            trust_remote_code=build.student(w.student).trust_remote_code,
        ),
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.student.parity \
            --checkpoint {input.checkpoint:q} \
            --gguf {input.gguf:q} \
            --prompts {input.prompts:q} \
            --settings {params.settings:q} \
            --threads {threads} \
            --output {output.parity:q}
        """


rule quantize_gguf:
    """Make a smaller GGUF"""
    input:
        gguf=ancient("<results>/{language}/{student}/gguf/F16.gguf"),
        manifest="<results>/{language}/{student}/gguf/F16.manifest.json",
        # A file that fails is not worth it; by how much one passes decides nothing.
        parity=ancient("<results>/{language}/{student}/gguf/parity.json"),
    output:
        gguf="<results>/{language}/{student}/gguf/{quantization}.gguf",
        manifest="<results>/{language}/{student}/gguf/{quantization}.manifest.json",
    log:
        "<logs>/{language}/{student}/{quantization}/quantize_gguf.log",
    benchmark:
        "<logs>/{language}/{student}/{quantization}/quantize_gguf.tsv"
    group:
        lambda w: grouped.student(build, machine, w)
    conda:
        "../envs/export.yaml"
    threads: lambda w: machine.threads(16)
    resources:
        runtime=lambda w, attempt: machine.minutes(
            grouped.student(build, machine, w), w, attempt
        ),
        mem_mb=lambda w, attempt: machine.memory(
            memory.exporting(w.student, settings.students), attempt
        ),
    params:
        code=source_digest("limbeck.student.quantize"),
    shell:
        r"""
        exec &>{log:q}

        python -m limbeck.student.quantize \
            --input {input.gguf:q} \
            --type {wildcards.quantization:q} \
            --threads {threads} \
            --output {output.gguf:q}

        python -m limbeck.workflow.manifest {output.gguf:q} \
            --output {output.manifest:q}
        """
