"""The walls of the house: what may import what, what a template may do, what a document may claim."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "fourfold"
ROOMS = (
    "pole",
    "intake",
    "threats",
    "assessments",
    "plans",
    "disruptions",
    "exchange",
    "performance",
    "search",
    "network",
)
PYTHON = sorted(SOURCE.rglob("*.py"))
TEMPLATES = sorted(SOURCE.rglob("templates/**/*.html"))
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_there_is_something_to_look_at():
    assert len(PYTHON) > 50
    assert len(TEMPLATES) > 5
    assert len(DOCUMENTS) > 5


def test_the_import_contracts_hold():
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3_000:]


def test_a_rooms_models_are_imported_in_that_room_only():
    """Other rooms ask its selectors and services, and name its models in foreign keys as text. Entry knows all."""
    graph = grimp.build_graph("fourfold", cache_dir=None, exclude_type_checking_imports=True)
    broken = [
        f"{importer} imports fourfold.{room}.models"
        for room in ROOMS
        if f"fourfold.{room}.models" in graph.modules
        for importer in sorted(graph.find_modules_that_directly_import(f"fourfold.{room}.models"))
        if not importer.startswith((f"fourfold.{room}.", "fourfold.entry."))
    ]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("path", [p for p in PYTHON if "migrations" in p.parts and p.stem != "__init__"], ids=name_of)
def test_a_migration_imports_nothing_of_ours_but_frozen_operations(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("fourfold"):
            assert str(node.module).endswith(".operations"), f"{node.module} may change; a migration may not"
            assert all(re.search(r"_v\d+$", alias.name) for alias in node.names)
        if isinstance(node, ast.Import):
            assert not [alias.name for alias in node.names if alias.name.startswith("fourfold")]


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_a_template_prints_nothing_unescaped(path):
    text = path.read_text()
    assert not re.search(r"\|\s*safe\b|autoescape\s+false", text)


def test_nothing_in_python_marks_text_as_safe_but_the_ui_room():
    marks = [
        name_of(path)
        for path in PYTHON
        if re.search(r"\b(Markup|mark_safe|SafeString)\b", path.read_text()) and "platform/ui" not in name_of(path)
    ]
    assert not marks


@pytest.mark.parametrize("word", ["utils", "helpers", "common", "misc", "lib", "base"])
def test_no_module_has_a_name_that_says_nothing(word):
    assert not [name_of(path) for path in PYTHON if word in {path.stem, path.parent.name}]


def test_only_the_clock_reads_the_clock_and_rules_and_services_are_told():
    reads = re.compile(r"datetime\.now\(|date\.today\(|timezone\.now\(|\btime\.time\(")
    told = {"rules", "services", "selectors", "models"}
    readers = {
        name_of(path) for path in PYTHON if told & {path.stem, path.parent.name} and reads.search(path.read_text())
    }
    assert not readers


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_a_document_names_files_that_are_there(path):
    named = re.findall(
        r"`((?:src|tests|regions|docs|bench|platform|\.ci)/[\w./-]+\.\w+)(?:::[\w]+)?`", path.read_text()
    )
    missing = [n for n in named if not ((ROOT / n).exists() or (SOURCE / n).exists())]
    assert not missing


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_a_document_links_to_pages_that_are_there(path):
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", path.read_text())
    missing = [link for link in links if not (path.parent / link).exists()]
    assert not missing
