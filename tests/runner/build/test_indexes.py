"""The host's own configuration of pip and npm, handed on; without any, nothing."""

import pytest

from runner.build.indexes import read_indexes


@pytest.fixture
def root(tmp_path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "root/.config/pip").mkdir(parents=True)
    return tmp_path


def test_a_host_without_configuration_names_no_index(root):
    found = read_indexes({}, root)
    assert (found.pip, found.npm, found.hosts, found.npmrc) == ({}, {}, (), "")


def test_files_are_read_and_the_environment_wins(root):
    (root / "etc/pip.conf").write_text("[global]\nindex-url = https://one.example/simple\ntimeout = 9\n")
    (root / "root/.config/pip/pip.conf").write_text(
        "[install]\nextra-index-url =\n  https://two.example/simple\n  https://three.example/simple\n"
    )
    found = read_indexes({"PIP_INDEX_URL": "https://four.example/simple", "PIP_CERT": "/x"}, root)
    assert found.pip == {
        "PIP_INDEX_URL": "https://four.example/simple",
        "PIP_EXTRA_INDEX_URL": "https://two.example/simple https://three.example/simple",
        "PIP_TIMEOUT": "9",
    }
    assert found.hosts == ("four.example", "three.example", "two.example")


def test_npm_settings_of_packages_are_handed_on_and_no_others(root):
    (root / "root/.npmrc").write_text(
        "registry=https://npm.example/\n@mine:registry = https://mine.example/\n//mine.example/:_authToken=${TOKEN}\n"
        "cafile=/etc/x\nprefix=/usr\n; a remark\n"
    )
    found = read_indexes({"HOME": "/root", "TOKEN": "s3cret"}, root)
    assert found.npmrc == (
        "//mine.example/:_authToken=s3cret\n@mine:registry=https://mine.example/\nregistry=https://npm.example/\n"
    )
    assert "s3cret" not in repr(found)
    assert read_indexes({"npm_config_registry": "https://other.example/"}, root).npm["registry"] == (
        "https://other.example/"
    )


def test_another_configuration_is_another_description(root):
    first = read_indexes({"PIP_INDEX_URL": "https://one.example"}, root)
    second = read_indexes({"PIP_INDEX_URL": "https://two.example"}, root)
    assert first.description != second.description


@pytest.mark.parametrize("text", ["no section", "[global\n", "\x00\xff"])
def test_a_broken_file_is_passed_over(root, text):
    (root / "etc/pip.conf").write_bytes(text.encode("latin-1"))
    assert read_indexes({}, root).pip == {}
