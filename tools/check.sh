#!/bin/sh
# Everything that is checked without running the product: format, lint, types, import contracts, migrations.
set -eu
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"
said=$(mktemp -d)
finish() { kill "$types" 2>/dev/null || true; rm -rf "$said"; }
step() { printf '%s\n' "$1"; }
types=
trap finish EXIT
step "Format"; ruff format --check --quiet . || { echo "Some files are not in the house format: run 'make format'." >&2; exit 1; }
step "Lint"; ruff check --quiet .
# Types take the longest: they are looked at beside the two steps that follow.
mypy --no-error-summary >"$said/types" 2>&1 & types=$!
step "Import contracts"; lint-imports --no-cache >"$said/contracts" 2>&1 || { cat "$said/contracts"; exit 1; }
step "Migrations"; fourfold db check
step "Types"; wait "$types" || { cat "$said/types"; exit 1; }
