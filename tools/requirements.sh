#!/bin/sh
# Writes the hashed requirements from the .in files. The result names packages, versions and hashes, and no host.
set -eu
cd "$(dirname "$0")/.."
for name in requirements-setup requirements requirements-dev bench/requirements; do
    echo "Resolving $name.in"
    .venv/bin/uv pip compile --quiet --universal --python-version 3.12 --generate-hashes --no-header --no-emit-index-url \
        --no-annotate "$name.in" -o "$name.txt" "$@"
done
