"""Fetching the names from an index that is here, in both forms, and from none."""

from __future__ import annotations

import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.test import override_settings

from functions.package_names import names_file, search
from runner.jobs import package_names

JSON = b'{"meta": {"api-version": "1.1"}, "projects": [{"name": "six"}, {"name": "Zope.Interface"}]}'
HTML = b'<html><a href="six/">six</a>\n<a data-x="y" href="/simple/zope-interface/">Zope.Interface</a></html>'


@pytest.fixture
def index():
    """An index on this machine; `answer` is what it says."""

    class Handler(BaseHTTPRequestHandler):
        answer = ("application/vnd.pypi.simple.v1+json", JSON, 200)

        def do_GET(self):
            kind, content, status = self.answer
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_arguments):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Handler, f"http://127.0.0.1:{server.server_port}/simple"
    server.shutdown()
    server.server_close()


@pytest.fixture
def home(config, tmp_path):
    with override_settings(FUNCTORY=replace(config, home=tmp_path)):
        yield tmp_path


@pytest.mark.parametrize(
    ("kind", "content"), [("application/vnd.pypi.simple.v1+json", JSON), ("text/html", HTML)]
)
def test_both_forms_are_read(home, index, monkeypatch, kind, content):
    handler, address = index
    handler.answer = (kind, content, 200)
    monkeypatch.setenv("PIP_INDEX_URL", address)
    package_names.run()
    assert search(names_file(home), "zope.i") == ["zope-interface"]
    assert search(names_file(home), "six") == ["six"]


@pytest.mark.parametrize(
    "answer", [("text/html", b"<html>", 200), ("text/html", b"", 503), ("application/json", b"{", 200)]
)
def test_an_index_that_is_none_leaves_what_is_there(home, index, monkeypatch, caplog, answer):
    handler, address = index
    handler.answer = answer
    monkeypatch.setenv("PIP_INDEX_URL", address.replace("http://", "http://user:password@"))
    package_names.run()
    assert not names_file(home).exists()
    assert "could not be fetched" in caplog.text
    assert "password" not in caplog.text


def test_names_that_are_new_are_not_fetched_again(home, monkeypatch):
    names_file(home).parent.mkdir(parents=True, exist_ok=True)
    names_file(home).write_bytes(b"\nsix\n")
    monkeypatch.setattr(package_names, "index_url", lambda: pytest.fail("asked"))
    package_names.run()


def test_an_address_that_is_none_leaves_what_is_there(home, monkeypatch, caplog):
    monkeypatch.setenv("PIP_INDEX_URL", "file:///etc")
    package_names.run()
    assert not names_file(home).exists()
    assert "could not be fetched" in caplog.text


def test_a_list_that_has_no_end_is_cut(index, monkeypatch):
    handler, address = index
    handler.answer = ("text/html", b"x" * 2000, 200)
    monkeypatch.setattr(package_names, "MOST_BYTES", 1000)
    with pytest.raises(ValueError, match="longer"):
        package_names.fetch(address)


def test_pip_knows_its_index(monkeypatch):
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    assert package_names.index_url().startswith("http")
