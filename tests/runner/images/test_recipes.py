"""What an image's name depends on, and what is found in the runtime folders."""

import shutil

import pytest

from functions.runtimes import RUNTIMES as TABLE
from runner.images.catalog import (
    bases,
    builder_reference,
    eager_runtimes,
    image_reference,
    missing_images,
    recipes,
)
from runner.images.errors import ImageError
from runner.images.recipes import RUNTIMES, Recipe, base_reference, runtime_images, suite_of

DOCKERFILE = "ARG BASE\nARG TOOLCHAIN\nFROM ${TOOLCHAIN} AS builder\nFROM ${BASE} AS runtime\n"


@pytest.fixture
def folder(tmp_path):
    language = tmp_path / "cobol"
    (language / "starters" / "hello").mkdir(parents=True)
    (language / "Dockerfile").write_text(DOCKERFILE)
    (language / "images.toml").write_text('[images."cobol85"]\narguments = { STANDARD = "85" }\n')
    (language / "bootstrap.cob").write_text("STOP RUN.")
    (language / "starters" / "hello" / "main.cob").write_text("DISPLAY 'HELLO'.")
    return tmp_path


def only(folder):
    (images,) = runtime_images(folder)
    return images


def test_a_new_runtime_is_one_folder(folder):
    images = only(folder)
    assert (images.name, images.runtimes) == ("cobol85", ("cobol85",))
    assert images.runtime.reference.startswith("functory/cobol85:")
    assert images.builder.reference.startswith("functory/builder-cobol85:")
    assert images.runtime.arguments == {"STANDARD": "85"}


def test_the_bootstrap_is_baked_and_the_starters_are_not(folder):
    files = only(folder).runtime.files
    assert "runtime/bootstrap.cob" in files
    assert not [path for path in files if "starters" in path or "images.toml" in path]


def test_a_changed_bootstrap_renames_the_runtime_image_only(folder):
    before = only(folder)
    (folder / "cobol" / "bootstrap.cob").write_text("CONTINUE.")
    after = only(folder)
    assert after.runtime.reference != before.runtime.reference
    assert after.builder.reference == before.builder.reference


def test_a_changed_starter_renames_nothing(folder):
    before = only(folder).runtime.reference
    (folder / "cobol" / "starters" / "hello" / "main.cob").write_text("DISPLAY 'BYE'.")
    assert only(folder).runtime.reference == before


def test_the_folder_may_move_without_a_rebuild(folder, tmp_path_factory):
    other = tmp_path_factory.mktemp("other") / "runtimes"
    shutil.copytree(folder, other)
    assert only(other).runtime.reference == only(folder).runtime.reference


def test_a_language_without_packages_has_no_builder(folder):
    (folder / "cobol" / "Dockerfile").write_text("ARG BASE\nFROM ${BASE} AS runtime\n")
    assert only(folder).builder is None


def test_what_builds_is_part_of_the_builder_and_not_baked(folder):
    (folder / "cobol" / "builder").mkdir()
    before = only(folder)
    (folder / "cobol" / "builder" / "build").write_text("cobc -x main.cob")
    (folder / "cobol" / "build.toml").write_text('tool = "cobc"')
    after = only(folder)
    assert after.builder.reference != before.builder.reference
    assert after.builder.files["builder/build"].content == b"cobc -x main.cob"
    assert not [path for path in after.runtime.files if path.startswith(("runtime/build", "runtime/builder"))]


def test_a_runtime_may_be_of_another_suite(folder):
    before = only(folder)
    (folder / "cobol" / "images.toml").write_text('[images."cobol85"]\nsuite = "forky"\n')
    after = only(folder)
    assert before.runtime.starts_from["BASE"] == base_reference()
    assert after.runtime.starts_from["BASE"] == base_reference("forky")
    assert after.recipes[0].name == "toolchain-forky"
    assert [suite_of(base) for base in bases(after.recipes)] == ["forky"]


def test_a_runtime_may_run_in_the_image_of_another(folder):
    (folder / "fortran").mkdir()
    (folder / "fortran" / "Dockerfile").write_text("ARG TOOLCHAIN\nFROM ${TOOLCHAIN} AS builder\n")
    (folder / "fortran" / "images.toml").write_text('[images.fortran]\nruns_in = "cobol85"\n')
    cobol, fortran = runtime_images(folder)
    assert fortran.runtime == cobol.runtime
    assert fortran.builder.name == "builder-fortran"


class Engine:
    """Has what it is told to have."""

    def __init__(self, *references):
        self.references = set(references)

    def has(self, reference):
        return reference in self.references


def test_only_what_a_runtime_needs_is_missing():
    names = {reference.split(":")[0] for reference in missing_images(Engine(), ["python3.13"])}
    assert names == {
        *("functory/base", "functory/toolchain", "functory/launcher"),
        *("functory/python3.13", "functory/builder-python3.13"),
    }
    wanted = recipes(["python3.13"])
    there = Engine(base_reference(), *(recipe.reference for recipe in wanted))
    assert missing_images(there, ["python3.13"]) == []


def test_a_start_makes_python_and_node():
    assert eager_runtimes() == ["python3.13", "nodejs24.x", "nodejs22.x"]


def test_arguments_and_parents_count():
    plain = Recipe("x", {})
    assert plain.digest == Recipe("x", {}).digest
    assert plain.digest != Recipe("x", {}, arguments={"A": "1"}).digest
    assert plain.digest != Recipe("x", {}, starts_from={"BASE": "b"}).digest


@pytest.mark.parametrize("runtime", sorted(TABLE))
def test_every_runtime_has_an_image(runtime):
    assert image_reference(runtime).startswith("functory/")


def test_an_image_is_found_by_its_own_name_too():
    assert image_reference("provided") == image_reference("provided.al2023")


def test_an_unknown_runtime_is_refused():
    with pytest.raises(ImageError, match=r"cobol85"):
        image_reference("cobol85")


def test_a_runtime_without_packages_has_no_builder_to_name():
    assert builder_reference("python3.13").startswith("functory/builder-python3.13:")
    with pytest.raises(ImageError, match="no packages"):
        builder_reference("provided.al2023")


def test_an_image_comes_after_those_it_starts_from():
    seen = set(bases(recipes()))
    assert base_reference() in seen
    for recipe in recipes():
        assert set(recipe.starts_from.values()) <= seen
        seen.add(recipe.reference)


def test_recipes_name_no_host():
    texts = [path.read_text() for path in RUNTIMES.rglob("Dockerfile")]
    assert not [text for text in texts if "://" in text]
