"""The reference pages in docs are what the code makes, so that nobody reads yesterday's columns."""

import pytest

from fourfold.entry import documents
from fourfold.entry.cli import root
from fourfold.platform.database.where import source_root


@pytest.mark.parametrize(
    "path", [documents.REFERENCE / "data-dictionary.md", documents.REFERENCE / "commands.md"], ids=str
)
def test_a_made_page_is_up_to_date(path):
    made = documents.pages(root)[path]
    assert (source_root() / path).read_text() == made, "run `make docs`"


def test_the_data_dictionary_says_what_governed_columns_mean():
    made = documents.data_dictionary()
    assert "### Threat (governed)" in made
    assert "`recorded_from`" in made
    assert "### person" in made


def test_every_command_says_what_it_does():
    made = documents.commands_page(root)
    sections = made.split("\n## ")[1:]
    assert len(sections) > 15
    silent = [part.splitlines()[0] for part in sections if not part.splitlines()[4].strip()]
    assert silent == []
