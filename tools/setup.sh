#!/bin/sh
# Sets up a checkout: Python, packages by hash, web assets. `run` for the product, `develop` for tests and checks as well,
# `spark` for what the pipeline needs to run on Spark besides.
# Safe to run again: each step is skipped when what it would make is there, made from the same files.
set -eu
cd "$(dirname "$0")/.."
kind=${1:-run}

say() { printf '%s\n' "$*"; }
stop() { printf '%s\n' "$*" >&2; exit 1; }
new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 12))' >/dev/null 2>&1; }

find_python() {
    for candidate in "${FOURFOLD_PYTHON:-}" python3.14 python3.13 python3.12 python3 python; do
        [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1 && new_enough "$candidate" && { command -v "$candidate"; return; }
    done
    for candidate in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[2-9]*/bin/python; do
        [ -x "$candidate" ] && new_enough "$candidate" && { say "$candidate"; return; }
    done
    command -v uv >/dev/null 2>&1 && uv python find '>=3.12' 2>/dev/null
}

if [ ! -x .venv/bin/python ] || ! new_enough .venv/bin/python; then
    python=$(find_python || true)
    rm -rf .venv
    if [ -n "$python" ]; then
        say "Making a virtual environment with $("$python" --version)"
        if ! "$python" -m venv .venv >/dev/null 2>&1; then
            rm -rf .venv
            command -v uv >/dev/null 2>&1 || stop "Python's venv module is missing: install the python3-venv package, then run this again."
            uv venv --quiet --seed --python "$python" .venv
        fi
    elif command -v uv >/dev/null 2>&1; then
        say "No Python 3.12 or later is installed; asking uv for one"
        uv venv --quiet --seed --python 3.12 .venv || stop "No Python 3.12 or later was found and uv could not fetch one: install Python 3.12, then run this again."
    else
        stop "No Python 3.12 or later was found: install Python 3.12 (or uv, or set FOURFOLD_PYTHON to one), then run this again."
    fi
fi

packages=requirements.txt
[ "$kind" = develop ] && packages=requirements-dev.txt
wanted=$(cat requirements-setup.txt "$packages" pyproject.toml | cksum)
if [ "$(cat ".venv/fourfold-$packages" 2>/dev/null || true)" != "$wanted" ]; then
    say "Installing packages from $packages (each checked against its hash)"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-setup.txt
    # The file names every package that is needed, so nothing is looked for beyond it.
    .venv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --require-hashes -r "$packages"
    .venv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation -e .
    say "Compiling them, so that commands start at once"
    # Not what no command loads: a third of the work.
    .venv/bin/python -W ignore -m compileall -q -j 0 \
        -x '/(tests|geodata|carrierdata|lexers|pip|setuptools|mypy|mypyc)/' .venv/lib >/dev/null || true
    printf '%s' "$wanted" > ".venv/fourfold-$packages"
    [ "$kind" = develop ] && cat requirements-setup.txt requirements.txt pyproject.toml | cksum > .venv/fourfold-requirements.txt
fi

# Also where Python is told to write no compiled files: each command would compile all it imports again.
.venv/bin/python -m compileall -q src bench
if [ "$kind" = spark ]; then
    wanted=$(cksum < requirements-spark.txt)
    if [ "$(cat .venv/fourfold-requirements-spark.txt 2>/dev/null || true)" != "$wanted" ]; then
        say "Installing packages from requirements-spark.txt (about 600 MB, each checked against its hash)"
        .venv/bin/uv pip install --quiet --python .venv/bin/python --require-hashes -r requirements-spark.txt
        printf '%s' "$wanted" > .venv/fourfold-requirements-spark.txt
    fi
    exit 0
fi

.venv/bin/fourfold assets
