"""The editor's tools as a person uses them: problems, format, completion, search over files, folders, dropped
files, packages, and the draft beside a version. One function serves all: each test leaves what it made."""

from __future__ import annotations

import contextlib
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from functions.package_names import names_file, write_names
from tests.support.browser import Complaints
from tests.support.console import address, log_in
from tests.support.stack import Stack, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
CODE = "def lambda_handler(event, context):\n    return 1\n"


@pytest.fixture(scope="module")
def cookies(browser: Browser, stack: Stack) -> list[dict[str, object]]:
    """A session, and a function `tools` that is deployed once."""
    context = browser.new_context()
    page = context.new_page()
    log_in(page, stack)
    page.goto(address(stack, "new"))
    page.get_by_label("Name", exact=True).fill("tools")
    page.get_by_role("button", name="Next: runtime").click()
    page.wait_for_url("**/tools/draft/2")
    page.goto(address(stack, "functions/tools/code"))
    write(page, CODE)
    page.get_by_role("button", name="Deploy", exact=True).click()
    expect(page.locator("[data-status]")).to_contain_text("Version 1 is deployed", timeout=60_000)
    found = context.cookies()
    context.close()
    return list(found)


@pytest.fixture
def page(browser: Browser, cookies: list, stack: Stack) -> Iterator[Page]:
    """The Code tab of `tools` as it was deployed; what is typed is not saved."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(10_000)
    context.add_cookies(cookies)
    page = context.new_page()
    complaints = Complaints()
    complaints.listen(page)
    open_code(page, stack)
    yield page
    context.close()
    assert complaints.found == []


def open_code(page: Page, stack: Stack) -> None:
    """The Code tab, loaded. Chromium drops what it loads while a sandbox's network appears on this machine
    (ERR_NETWORK_CHANGED), as it does after a deploy: then once more."""
    for _ in range(3):
        page.goto(address(stack, "functions/tools/code"))
        with contextlib.suppress(AssertionError):
            expect(page.locator("[data-status]")).to_contain_text("Saved", timeout=4_000)
            return
    raise AssertionError("the editor has not loaded in three attempts")


def write(page: Page, text: str) -> None:
    page.locator("[data-editor] .cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def new_file(page: Page, path: str, text: str = "") -> None:
    page.get_by_role("button", name="New file").click()
    page.get_by_label("Path").fill(path)
    page.keyboard.press("Enter")
    expect(page.locator("[data-open-path]")).to_have_text(path)
    page.keyboard.insert_text(text)


def from_menu(page: Page, name: str) -> None:
    page.get_by_label("More on files").click()
    page.get_by_role("button", name=name).click()


def drop(page: Page, name: str, content: bytes, onto: str = "[data-tree]") -> None:
    """A file from the desk, let go over the tree."""
    make = (
        "([name, bytes]) => { const t = new DataTransfer();"
        " t.items.add(new File([new Uint8Array(bytes)], name)); return t; }"
    )
    transfer = page.evaluate_handle(make, [name, list(content)])
    page.dispatch_event(onto, "drop", {"dataTransfer": transfer})


def item(page: Page, path: str) -> Locator:
    return page.locator(f'[role=treeitem][data-path="{path}"]')


def tree(page: Page) -> list[str]:
    """The paths that the tree shows, read at one moment: row by row, a change would fall between two of them."""
    paths: list[str] = page.get_by_role("treeitem").evaluate_all("rows => rows.map(row => row.dataset.path)")
    return paths


def expect_tree(page: Page, *paths: str) -> None:
    """The tree comes to show exactly these: a key or a drop is drawn after it returns."""
    wait_for(f"{paths} in the tree", lambda: tree(page) == list(paths), limit_s=15)


def expect_text(page: Page, text: str) -> None:
    """The editor comes to hold exactly this."""
    lines = page.locator("[data-editor] .cm-line")
    wait_for(f"{text!r} in the editor", lambda: "\n".join(lines.all_text_contents()) == text, limit_s=15)


def test_problems_are_marked_counted_and_reached_by_keyboard(page: Page) -> None:
    count = page.locator("[data-problem-count]")
    expect(count).to_have_text("0 problems")
    write(page, "import json\n\n\ndef lambda_handler(event, context):\n    return missing\n")
    expect(count).to_have_text("2 problems")
    expect(page.locator(".cm-lintRange-error")).to_have_text("missing")
    page.keyboard.press("Control+Shift+M")
    expect(page.get_by_role("region", name="Problems")).to_contain_text("`json` imported but unused")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("[data-cursor]")).to_have_text("Line 5, column 12")
    write(page, CODE)
    expect(count).to_have_text("0 problems")
    new_file(page, "other.mjs", "debugger;\n")
    expect(count).to_have_text("1 problem")


def test_a_problem_is_mended_from_the_list(page: Page) -> None:
    write(page, "import os\nimport sys\n\nprint(sys.path)\n")
    expect(page.locator("[data-problem-count]")).to_have_text("1 problem")
    page.keyboard.press("Control+Shift+M")
    page.get_by_role("button", name="Fix").click()
    expect(page.locator("[data-problem-count]")).to_have_text("0 problems")
    expect_text(page, "import sys\n\nprint(sys.path)\n")
    page.keyboard.press("Control+z")
    expect_text(page, "import os\nimport sys\n\nprint(sys.path)\n")


def test_a_file_is_formatted_and_what_does_not_parse_is_left(page: Page) -> None:
    write(page, "x=[1,2]\n")
    page.keyboard.press("Shift+Alt+F")
    expect(page.locator("[data-status]")).to_contain_text("Formatted")
    expect_text(page, "x = [1, 2]\n")
    page.keyboard.press("Control+z")
    expect_text(page, "x=[1,2]\n")
    write(page, "def (")
    page.get_by_role("button", name="Format").click()
    expect(page.locator("[data-status]")).to_contain_text("Not formatted: This does not parse")
    expect_text(page, "def (")


@pytest.mark.parametrize(
    ("path", "typed", "offered"),
    [
        ("app.py", "context.", "aws_request_id"),
        ("app.py", 'import os\nos.environ["AWS_REG', "AWS_REGION"),
        ("app.py", "import jso", "json"),
        ("app.py", "from lib.p", "lib.prices"),
        ("app.py", "def greet(): pass\nwhil", "while"),
        ("web/app.mjs", 'import a from "../lib/m', "../lib/money.mjs"),
        ("web/app.mjs", "process.env.AWS_REG", "AWS_REGION"),
    ],
)
def test_names_are_completed(page: Page, path: str, typed: str, offered: str) -> None:
    new_file(page, "lib/prices.py", "A = 1")
    new_file(page, "lib/money.mjs", "export const a = 1;")
    new_file(page, path, typed[:-1])
    page.keyboard.type(typed[-1])
    expect(page.locator(".cm-tooltip-autocomplete")).to_contain_text(offered)


def test_find_and_replace_over_all_files(page: Page) -> None:
    new_file(page, "a.py", "price = 1\nPrice = price\n")
    new_file(page, "b.py", "import a\n\na.price = 2\n")
    page.keyboard.press("Control+Shift+F")
    page.get_by_label("Find", exact=True).fill("price")
    status = page.locator("[data-search-status]")
    expect(status).to_have_text("4 matches in 2 files")
    page.get_by_label("Match case").check()
    expect(status).to_have_text("3 matches in 2 files")
    page.get_by_label("Expression").check()
    page.get_by_label("Find", exact=True).fill("(")
    expect(status).to_have_text("This is not an expression that can be read.")
    expect(page.get_by_role("button", name="Replace all")).to_be_disabled()
    page.get_by_label("Find", exact=True).fill(r"pri(\w+)")
    expect(status).to_have_text("3 matches in 2 files")
    page.get_by_role("button", name=re.compile("2: Price = price")).click()
    expect(page.locator("[data-open-path]")).to_have_text("a.py")
    page.get_by_label("Replace with").fill("cost_$1")
    page.get_by_role("button", name="Replace all").click()
    expect(status).to_have_text("Replaced 3 matches in 2 files. Not saved yet")
    expect_text(page, "cost_ce = 1\nPrice = cost_ce\n")
    page.get_by_role("button", name="Close", exact=True).click()
    item(page, "b.py").click()
    expect_text(page, "import a\n\na.cost_ce = 2\n")


def test_folders_are_made_renamed_moved_and_deleted(page: Page) -> None:
    new_file(page, "lib/a.py", "A = 1")
    new_file(page, "lib/deep/b.py", "B = 1")
    item(page, "lib").focus()
    page.keyboard.press("F2")
    page.get_by_label("Path").fill("lib/deep/inside")
    page.keyboard.press("Enter")
    expect(page.get_by_text("A folder cannot lie in itself.")).to_be_visible()
    page.get_by_label("Path").fill("core")
    page.keyboard.press("Enter")
    expect_tree(page, "core", "core/deep", "core/deep/b.py", "core/a.py", "lambda_function.py")
    item(page, "core/a.py").drag_to(item(page, "core/deep"))
    expect_tree(page, "core", "core/deep", "core/deep/a.py", "core/deep/b.py", "lambda_function.py")
    item(page, "core").focus()
    page.keyboard.press("ArrowLeft")
    expect_tree(page, "core", "lambda_function.py")
    page.keyboard.press("Delete")
    expect(page.locator("[data-status]")).to_contain_text("Deleted 2 files")
    expect_tree(page, "lambda_function.py")
    page.get_by_role("button", name="Undo delete").click()
    item(page, "core").press("ArrowRight")
    expect(item(page, "core/deep/a.py")).to_be_visible()
    from_menu(page, "New folder")
    page.get_by_label("Path").fill("empty")
    page.keyboard.press("Enter")
    expect(page.locator("[data-status]")).to_contain_text("kept once a file is in it")
    expect(item(page, "empty")).to_be_visible()


def test_files_and_zips_are_dropped_in(page: Page) -> None:
    drop(page, "notes.md", b"# Hello\n")
    expect(page.locator("[data-open-path]")).to_have_text("notes.md")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("lib/a.py", "A = 1\n")
        archive.writestr("logo.png", b"\x89PNG\0")
        archive.writestr("notes.md", "# Other\n")
    drop(page, "some.zip", packed.getvalue())
    expect(page.locator("[data-status]")).to_contain_text("Took in 3 files, 1 of them in place of others")
    expect_tree(page, "lib", "lib/a.py", "lambda_function.py", "logo.png", "notes.md")
    expect_text(page, "# Other\n")
    drop(page, "broken.zip", b"not a zip")
    expect(page.locator("[data-status]")).to_contain_text("Nothing was taken in. Could not unzip")
    drop(page, "large.txt", b"x" * 100)
    expect(page.locator("[data-open-path]")).to_have_text("large.txt")
    page.keyboard.press("Control+s")
    expect(page.locator("[data-status]")).to_contain_text("Saved")
    page.reload()
    expect(page.locator("[data-status]")).to_contain_text("Saved")
    expect_tree(page, "lib", "lib/a.py", "lambda_function.py", "large.txt", "logo.png", "notes.md")
    for name in ("lib", "large.txt", "logo.png", "notes.md"):
        item(page, name).focus()
        page.keyboard.press("Delete")
    page.keyboard.press("Control+s")
    expect(page.locator("[data-status]")).to_contain_text("Saved")


def test_more_than_the_editor_holds_is_refused_before_anything_is_sent(page: Page) -> None:
    half = "new File([new Uint8Array(2 * 1024 * 1024)], name)"
    for name in ("first.bin", "second.bin"):
        transfer = page.evaluate_handle(
            f"name => {{ const t = new DataTransfer(); t.items.add({half}); return t; }}", name
        )
        page.dispatch_event("[data-tree]", "drop", {"dataTransfer": transfer})
        expect(page.locator("[data-open-path]")).to_have_text(name)
    page.keyboard.press("Control+s")
    expect(page.locator("[data-status]")).to_contain_text("Not saved: This is more than 3 MB")


def test_the_draft_beside_a_version(page: Page) -> None:
    write(page, CODE.replace("1", "2"))
    from_menu(page, "Compare with a version")
    dialog = page.get_by_role("dialog", name="Draft against a version")
    expect(dialog.locator("[data-compare-summary]")).to_have_text("1 file differs from version 1.")
    expect(dialog.locator("[data-compare-view]")).to_contain_text(re.compile("return 1.*return 2", re.DOTALL))
    dialog.locator(".cm-merge-revert button").click()
    dialog.get_by_role("button", name="Close").click()
    expect_text(page, CODE)
    from_menu(page, "Compare with a version")
    expect(dialog.locator("[data-compare-summary]")).to_have_text("The draft is the same as version 1.")


def test_the_versions_tab_leads_to_the_comparison(page: Page, stack: Stack) -> None:
    page.goto(address(stack, "functions/tools/versions"))
    page.locator("a[title='Compare with the draft']").click()
    dialog = page.get_by_role("dialog", name="Draft against a version")
    expect(dialog.locator("[data-compare-summary]")).to_have_text("The draft is the same as version 1.")
    page.goto(address(stack, "functions/tools/code?compare=99"))
    expect(dialog.locator("[data-compare-summary]")).to_contain_text("Function not found")


def test_a_package_is_added_with_a_version(page: Page) -> None:
    page.route(
        "**/package?*", lambda route: route.fulfill(json={"name": "six", "versions": ["1.17.0", "1.16.0"]})
    )
    new_file(page, "requirements.txt", "idna==3\nSix==1.0\n")
    from_menu(page, "Add package")
    dialog = page.get_by_role("dialog", name="Add a package")
    dialog.get_by_label("Name").fill("six")
    page.keyboard.press("Enter")
    dialog.get_by_label("Version").select_option("1.16.0")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("[data-status]")).to_contain_text("six is in requirements.txt")
    expect_text(page, "idna==3\nsix==1.16.0\n")


def test_names_of_packages_are_suggested_while_one_is_typed(page: Page, stack: Stack) -> None:
    write_names(names_file(stack.home), ["requests", "requests-cache", "six"])
    from_menu(page, "Add package")
    dialog = page.get_by_role("dialog", name="Add a package")
    dialog.get_by_label("Name").press_sequentially("reque", delay=30)
    suggested = dialog.locator("datalist option")
    expect(suggested).to_have_count(2)
    assert suggested.evaluate_all("rows => rows.map(row => row.value)") == ["requests", "requests-cache"]


def test_a_package_that_is_no_name_is_refused_beside_the_field(page: Page) -> None:
    from_menu(page, "Add package")
    dialog = page.get_by_role("dialog", name="Add a package")
    dialog.get_by_label("Name").fill("--index-url")
    dialog.get_by_role("button", name="Look up").click()
    expect(dialog).to_contain_text("This is not the name of a package.")
    expect(dialog.get_by_role("button", name="Add", exact=True)).to_be_hidden()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_part_is_clean_for_axe(page: Page, theme: str) -> None:
    page.emulate_media(color_scheme=theme)
    new_file(page, "lib/a.py", "import os\nx = missing\n")
    expect(page.locator("[data-problem-count]")).to_have_text("2 problems")
    page.keyboard.press("Control+Shift+M")
    page.evaluate(AXE)
    assert violations(page) == []
    page.keyboard.press("Control+Shift+F")
    page.get_by_label("Find", exact=True).fill("a")
    expect(page.locator("[data-search-status]")).to_contain_text("matches")
    assert violations(page) == []
    for name, title in (
        ("Compare with a version", "Draft against a version"),
        ("Add package", "Add a package"),
    ):
        from_menu(page, name)
        expect(page.get_by_role("dialog", name=title)).to_be_visible()
        assert violations(page) == []
        page.keyboard.press("Escape")


def violations(page: Page) -> list[str]:
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [f"{rule['id']}: {rule['nodes'][0]['html'][:200]}" for rule in found["violations"]]
