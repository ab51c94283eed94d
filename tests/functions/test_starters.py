"""Every runtime has starters that read, parse and match what the wizard does with them."""

import ast
import json

import pytest

from functions.errors import InvalidParameterValue
from functions.expressions import parse_expression
from functions.runtimes import RUNTIMES
from functions.starters import _of_folder, all_keys, has_starter, starter, starters


@pytest.mark.parametrize("identifier", sorted(RUNTIMES))
def test_each_runtime_has_starters_with_its_default_file(identifier):
    found = starters(identifier)
    assert found[0].key == "hello"
    for each in found:
        assert RUNTIMES[identifier].default_file in dict(each.files)
        assert isinstance(json.loads(each.event), dict)
        assert each.topic
        assert each.expect
        if each.trigger == "schedule":
            parse_expression(each.expression)


@pytest.mark.parametrize("identifier", ["python3.13", "nodejs22.x", "nodejs24.x"])
def test_the_languages_of_the_console_have_the_same_gallery(identifier):
    assert [each.key for each in starters(identifier)] == list(all_keys())
    assert len(all_keys()) >= 10


def test_whether_there_is_a_starter():
    assert has_starter("python3.13", "scraper")
    assert not has_starter("provided.al2023", "scraper")


def test_python_starters_parse():
    for each in starters("python3.13"):
        for path, file in each.files:
            if path.endswith(".py"):
                ast.parse(file.content.decode())


def test_a_custom_runtime_s_bootstrap_is_executable():
    assert dict(starter("provided.al2023", "hello").files)["bootstrap"].executable


def test_what_running_a_starter_leaves_is_no_part_of_it(tmp_path):
    (tmp_path / "hello" / "__pycache__").mkdir(parents=True)
    (tmp_path / "hello" / "__pycache__" / "lambda_function.cpython-311.pyc").write_bytes(b"x")
    (tmp_path / "hello" / "lambda_function.py").write_text("x = 1")
    told = 'title = "t"\ntext = "t"\ntopic = "t"\ntrigger = "none"\nevent = "{}"\nexpect = "{}"\n'
    (tmp_path / "hello" / "starter.toml").write_text(told)
    (found,) = _of_folder(tmp_path)
    assert [name for name, _ in found.files] == ["lambda_function.py"]


def test_an_unknown_starter_is_refused():
    with pytest.raises(InvalidParameterValue):
        starter("python3.13", "../../../etc")
