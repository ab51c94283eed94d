"""A runtime is a folder and a row: one made here, in a temporary folder, is built, offered, started and called, and
no other file knows of it."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from console import runtime_choices
from functions import runtimes, starters
from functions.limits import EDITOR_FILES
from functions.runtimes import Build, Runtime
from functions.states import Outcome
from runner.build.folders import folder_build
from runner.images import catalog, recipes

pytestmark = pytest.mark.docker

ROW = Runtime(
    identifier="toy1",
    title="Toy 1",
    image="toy1",
    folder="toy",
    command=("/usr/bin/perl", "/var/runtime/bootstrap.pl"),
    lean=True,
    language="toy",
    default_file="words.toy",
    default_handler="words.toy",
    builder="toy1",
    build=Build.FOLDER,
)
DOCKERFILE = """
ARG BASE
ARG TOOLCHAIN
FROM ${TOOLCHAIN} AS builder
COPY builder/ /usr/local/bin/

FROM ${BASE} AS build
COPY build/ /build/
RUN sh /build/finish
COPY runtime/ /var/runtime/

FROM scratch AS runtime
COPY --from=build / /
ENV PATH=/usr/bin:/bin
"""
# Says the built words before the event.
BOOTSTRAP = r"""
use strict; use IO::Socket::UNIX; $| = 1;
my $link = IO::Socket::UNIX->new(Peer => $ENV{FUNCTORY_SOCKET} // "/run/functory/s.sock") or die;
my ($marker, $words);
sub take { my ($need, $data) = ($_[0], ""); while (length $data < $need) { read($link, $data, $need - length $data, length $data) or exit 0 } $data }
sub give { my ($kind, $body) = @_; print $link pack("Na", 1 + length $body, $kind) . $body; $link->flush }
give("R", "{}");
while (1) {
    my $body = take(unpack "N", take(4));
    my $kind = substr $body, 0, 1, "";
    if ($kind eq "b") {
        ($marker) = $body =~ /"marker":\s*"([^"]*)"/;
        open my $file, "<", "/var/dependencies/words" or die; $words = <$file>; chomp $words;
        give("B", "{}");
    } else {
        my $size = unpack "n", $body;
        my ($id) = substr($body, 2, $size) =~ /"id":\s*"([^"]*)"/;
        print "called\n\0$marker$id\0";
        give("S", "[\"$words\"," . substr($body, 2 + $size) . "]");
    }
}
"""
BUILD = """
tool = "toyc"
command = ["toyc"]
wanted = ["*.toy"]
"""
STARTER = """
title = "Hello, toy"
text = "Says words before the event."
topic = "Basics"
trigger = "none"
event = '{"a": 1}'
expect = '["HELLO", {"a": 1}]'
"""
FILES = {
    "Dockerfile": DOCKERFILE,
    "images.toml": "[images.toy1]\n",
    "build.toml": BUILD,
    "bootstrap.pl": BOOTSTRAP,
    "builder/toyc": "#!/bin/sh\necho translating\ntr a-z A-Z < /source/words.toy > /build/out/words\n",
    "starters/hello/starter.toml": STARTER,
    "starters/hello/words.toy": "hello\n",
}


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """The folder and the row, for one test."""
    for name, text in FILES.items():
        path = tmp_path / "toy" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
    for known in recipes.RUNTIMES.iterdir():
        (tmp_path / known.name).symlink_to(known)
    monkeypatch.setattr(recipes, "RUNTIMES", tmp_path)
    monkeypatch.setattr(starters, "FOLDER", tmp_path)
    monkeypatch.setitem(runtimes.RUNTIMES, "toy1", ROW)
    caches = (catalog._by_runtime, folder_build, starters._of_folder)
    for cache in caches:
        cache.cache_clear()
    yield
    for cache in caches:
        cache.cache_clear()


def test_a_folder_and_a_row_make_a_runtime(toy, on_demand, bench, now):
    on_demand("toy1")
    starter = starters.starter("toy1", "hello")
    files = {path: file.content.decode() for path, file in starter.files}
    sandbox, bound = bench.bind_built("toy1", files, ROW.default_handler)
    assert bound.outcome is Outcome.SUCCESS, bound
    ended = bench.call(sandbox, json.loads(starter.event))
    assert json.loads(ended.response) == starter.expect
    assert ended.log == b"called\n"
    (choice,) = [each for each in runtime_choices.choices(now.date()) if each.row is ROW]
    assert choice.is_absent and len(files) <= EDITOR_FILES


@pytest.mark.django_db
def test_a_person_can_choose_it_in_the_wizard(toy, user, project):
    browser = Client()
    browser.force_login(user)
    browser.post(reverse("wizard_new", args=[project.account]), {"name": "words"})
    second, third = (reverse("wizard_step", args=[project.account, "words", number]) for number in (2, 3))
    assert "Toy 1" in browser.get(second).content.decode()
    assert browser.post(second, {"runtime": "toy1"}).status_code == 302
    text = browser.get(third).content.decode()
    assert "words.toy" in text and "Hello, toy" in text
