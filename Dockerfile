# All that a run needs, from the lock, on a machine without an accelerator:
#
#     docker build --tag limbeck .
#     docker run --rm --volume "$PWD:/project" limbeck snakemake --cores all
#
# docs/cluster.md tells how to use it where there is Apptainer instead of Docker.
FROM python:3.11-slim-bookworm

# DL3008: Debian keeps one version of a package in a release.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends build-essential cmake git make \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/limbeck
COPY . .
RUN make .venv/ready

# Libraries are the image's; the code is the caller's, as config, results and journals are. Where
# there is none, what was installed runs.
ENV PATH="/opt/limbeck/.venv/bin:$PATH" PYTHONPATH=/project/src
WORKDIR /project
CMD ["limbeck", "--help"]
