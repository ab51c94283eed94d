"""What is installed, and what a dependency key depends on."""

import json
from dataclasses import replace

import pytest

from functions.runtimes import runtime
from runner.build.plan import ManifestError, plan_build

PYTHON, NODE = runtime("python3.13"), runtime("nodejs22.x")


def plan(files, row=PYTHON, **changes):
    values = {"package_sha256": "a" * 64, "image": "builder:1", "indexes": ""}
    contents = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
    return plan_build(row, contents.get, **{**values, **changes})


def package(**members):
    return {"package.json": json.dumps(members)}


def test_requirements_are_installed_by_pip_from_the_package():
    found = plan({"requirements.txt": "requests==2.32.0\n"})
    assert (found.tool, found.folder, found.result) == ("pip", "/source", "")
    assert found.command[:4] == ("python3", "-m", "pip", "install")
    assert found.command[-2:] == ("-r", "requirements.txt")
    assert found.image == "builder:1"


@pytest.mark.parametrize("files", [{}, {"requirements.txt": ""}, {"requirements.txt": "# none\n\n  # yet\n"}])
def test_nothing_is_installed_without_requirements(files):
    assert plan(files) is None


def test_a_runtime_without_builder_installs_nothing():
    assert plan({"requirements.txt": "x"}, runtime("provided.al2023")) is None


def test_the_key_follows_what_the_result_depends_on():
    files = {"requirements.txt": "six==1.16.0\n", "app.py": "1"}
    key = plan(files).key
    assert plan({**files, "app.py": "2"}).key == key
    assert plan(files, package_sha256="b" * 64).key == key
    assert plan({**files, "requirements.txt": "six==1.17.0\n"}).key != key
    assert plan(files, image="builder:2").key != key
    assert plan(files, indexes="another").key != key
    assert plan(files, replace(PYTHON, identifier="python3.14")).key != key


def test_files_that_requirements_name_belong_to_the_key():
    files = {
        "requirements.txt": "-r more/base.txt\n",
        "more/base.txt": "-c pins.txt\nsix\n",
        "more/pins.txt": "six==1",
    }
    found = plan(files)
    assert set(found.manifests) == {"requirements.txt", "more/base.txt", "more/pins.txt"}
    assert plan({**files, "more/pins.txt": "six==2"}).key != found.key


def test_files_that_name_each_other_end():
    files = {"requirements.txt": "-r a.txt\nsix", "a.txt": "-r requirements.txt"}
    assert set(plan(files).manifests) == {"requirements.txt", "a.txt"}


@pytest.mark.parametrize(
    "line",
    ["./vendor/x.whl", "-e .", "x @ file:./x", "--find-links vendor", "vendor/x-1.0.tar.gz", "-e ./lib"],
)
def test_the_whole_package_counts_when_a_requirement_lies_in_it(line):
    files = {"requirements.txt": f"{line}\n"}
    found = plan(files)
    assert found.whole_package
    assert plan(files, package_sha256="b" * 64).key != found.key


@pytest.mark.parametrize(
    "line", ["six", "-e git+https://example.com/x.git", "x @ https://example.com/x.zip", "-i https://e.com"]
)
def test_the_package_does_not_count_when_requirements_lie_elsewhere(line):
    assert not plan({"requirements.txt": f"{line}\nsix\n"}).whole_package


def test_npm_installs_beside_copies_of_the_manifests():
    found = plan(package(dependencies={"ms": "2.1.3"}), NODE)
    assert (found.tool, found.folder, found.result) == ("npm", "/build/out", "node_modules")
    assert found.command[:2] == ("npm", "install")
    assert "--omit=dev" in found.command
    assert set(found.manifests) == {"package.json"}


@pytest.mark.parametrize("lock", ["package-lock.json", "npm-shrinkwrap.json"])
def test_a_lock_is_obeyed_and_belongs_to_the_key(lock):
    files = package(dependencies={"ms": "^2"})
    locked = plan({**files, lock: "{}"}, NODE)
    assert locked.command[:2] == ("npm", "ci")
    assert locked.key != plan(files, NODE).key != plan({**files, lock: "{ }"}, NODE).key != locked.key


@pytest.mark.parametrize(
    "members", [{}, {"devDependencies": {"x": "1"}}, {"type": "module"}, {"dependencies": None}]
)
def test_a_package_json_without_dependencies_installs_nothing(members):
    assert plan(package(**members), NODE) is None


def test_a_package_that_brings_its_modules_is_left_alone():
    files = {**package(dependencies={"ms": "2"}), "node_modules/.package-lock.json": "{}"}
    assert plan(files, NODE) is None


def test_a_local_dependency_of_npm_makes_the_whole_package_count():
    assert plan(package(dependencies={"mine": "file:./lib"}), NODE).whole_package
    assert not plan(package(dependencies={"ms": "2"}), NODE).whole_package


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "package.json is not JSON"),
        ("[]", "must hold an object"),
        ('{"dependencies": ["ms"]}', "must be an object of names and versions"),
        (" " * (9 * 1024 * 1024), "larger than 8 MB"),
    ],
)
def test_a_manifest_that_no_tool_can_read_is_refused_in_words(content, message):
    with pytest.raises(ManifestError, match=message):
        plan({"package.json": content}, NODE)


PROJECT = '[project]\nname = "a"\ndependencies = ["requests==2.32.0", "six ; python_version < \'4\'"]\n'


def test_dependencies_of_a_project_file_are_installed_by_pip_and_nothing_else_of_it():
    found = plan({"pyproject.toml": PROJECT, "app.py": ""})
    assert found.command[-3:] == ("--", "requests==2.32.0", "six ; python_version < '4'")
    assert "-r" not in found.command
    assert (found.whole_package, set(found.manifests)) == (False, {"pyproject.toml"})
    assert plan({"pyproject.toml": PROJECT + "[tool.ruff]\nline-length = 99\n"}).key == found.key
    assert plan({"pyproject.toml": PROJECT.replace("2.32.0", "2.32.1")}).key != found.key


def test_requirements_go_before_a_project_file():
    found = plan({"pyproject.toml": PROJECT, "requirements.txt": "six==1.16.0\n"})
    assert found.command[-2:] == ("-r", "requirements.txt")


def test_a_dependency_of_a_project_that_lies_in_the_package_makes_all_of_it_count():
    found = plan({"pyproject.toml": '[project]\ndependencies = ["lib @ file:./lib.whl"]\n'})
    assert found.whole_package


@pytest.mark.parametrize(
    "text",
    [
        "[tool.ruff]\n",
        "[project]\nname = 'a'\n",
        "[project]\ndependencies = []\n",
        "[tool.poetry.dependencies]\npython = '^3.12'\n",
    ],
)
def test_a_project_file_without_dependencies_installs_nothing(text):
    assert plan({"pyproject.toml": text}) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[project", "pyproject.toml is not TOML: "),
        ("[project]\ndependencies = 'six'\n", "`dependencies` of [project] must be a list of texts"),
        ("[project]\ndependencies = ['--index-url=x']\n", "`--index-url=x` is no dependency"),
        ("[project]\ndynamic = ['dependencies']\n", "name them in [project] or in requirements.txt"),
        ("[tool.poetry.dependencies]\nsix = '*'\n", "name them in [project] or in requirements.txt"),
    ],
)
def test_a_project_file_that_pip_could_not_read_is_refused_in_words(text, message):
    with pytest.raises(ManifestError) as raised:
        plan({"pyproject.toml": text})
    assert message in str(raised.value)
