"""The README says of every Lambda operation whether it is served, and says the truth."""

from functions.config import REPOSITORY
from tests.support.api_table import NONE, table


def test_the_readmes_table_is_what_is_served():
    written = table()
    assert written in (REPOSITORY / "README.md").read_text(), written
    assert set(written.replace("|", ",").replace(",", " ").split()) >= NONE
