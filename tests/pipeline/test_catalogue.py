"""The catalogue of rules: one code, one rule; every rule used; its page current."""

import re
from collections import Counter
from pathlib import Path

from fourfold.pipeline.catalogue import RULES
from fourfold.pipeline.rule_page import page

ROOT = Path(__file__).parents[2]


def test_a_code_is_one_rule() -> None:
    assert [code for code, count in Counter(rule.code for rule in RULES).items() if count > 1] == []


def test_every_rule_is_used_and_every_code_used_is_a_rule() -> None:
    folder = ROOT / "src/fourfold/pipeline"
    used = {
        code
        for item in folder.rglob("*.py")
        if item.name != "catalogue.py"
        for code in re.findall(r"Q-[A-Z]+-[0-9]{2}", item.read_text("utf-8"))
    }
    assert used == {rule.code for rule in RULES}


def test_sentences_are_written_for_people() -> None:
    for rule in RULES:
        for text in (rule.sentence, rule.advice):
            assert text[0].isupper() or text[0] == "{", rule.code
            assert text.endswith("."), rule.code


def test_the_page_is_current() -> None:
    """Run `python -m fourfold.pipeline.rule_page > docs/reference/quarantine-rules.md` after a change."""
    assert (ROOT / "docs/reference/quarantine-rules.md").read_text("utf-8") == page()
