#!/bin/sh
# Writes the hashed requirements from the .in files. The result names packages, versions and hashes, and no host.
set -eu
cd "$(dirname "$0")/.."
# followthemoney asks for an older networkx than the networks are held against; nothing of it that the tests use draws graphs.
overrides=$(mktemp); trap 'rm -f "$overrides"' EXIT; echo 'networkx>=3.6' > "$overrides"
for name in requirements-setup requirements requirements-dev requirements-spark bench/requirements; do
    echo "Resolving $name.in"
    .venv/bin/uv pip compile --quiet --universal --python-version 3.12 --generate-hashes --no-header --no-emit-index-url \
        --no-annotate --overrides "$overrides" "$name.in" -o "$name.txt" "$@"
done
