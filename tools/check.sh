#!/bin/sh
# Everything that is checked without running the product: format, lint, types, import contracts, migrations.
set -eu
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"
step() { printf '%s\n' "$1"; }
step "Format"; ruff format --check --quiet . || { echo "Some files are not in the house format: run 'make format'." >&2; exit 1; }
step "Lint"; ruff check --quiet .
step "Import contracts"; lint-imports --no-cache >.import-contracts.txt 2>&1 || { cat .import-contracts.txt; rm -f .import-contracts.txt; exit 1; }
rm -f .import-contracts.txt
step "Types"; mypy --no-error-summary
step "Migrations"; fourfold db check
