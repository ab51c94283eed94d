"""AWS's contract for Ruby handlers, in a real sandbox."""

import json

import pytest

from functions.states import Outcome
from runner.build.builder import BuildFailed
from tests.support.functions_in_sandboxes import build_tree

pytestmark = [pytest.mark.docker, pytest.mark.on_demand]

RUNTIME = "ruby3.3"
SOURCE = """
require "logger"
def plain(event:, context:) = "plain"
module Shop
  class Orders
    def self.take(event:, context:) = "taken"
  end
end
class Silent < StandardError
  def message = raise("no")
end
def log(event:, context:)
  Logger.new($stdout).info("informed")
  $stderr.puts "bad"
  context.log("from the context")
end
def client(event:, context:) = [context.client_context, context.identity]
def circular(event:, context:) = [1].tap { |list| list << list }
def not_a_number(event:, context:) = Float::NAN
def silent(event:, context:) = raise(Silent)
def deep(event:, context:)
  event["a"]["b"].call
end
def leave(event:, context:) = exit(1)
"""


@pytest.fixture
def bind(bench, on_demand):
    on_demand(RUNTIME)

    def bind(handler, files=None, **more):
        return bench.bind(RUNTIME, files or {"app.rb": SOURCE}, handler, **more)

    return bind


def answer(bench, sandbox, event=None, **more):
    ended = bench.call(sandbox, event, **more)
    assert ended.outcome is Outcome.SUCCESS, ended
    return json.loads(ended.response)


@pytest.mark.parametrize(
    ("handler", "files", "found"),
    [
        ("app.plain", None, "plain"),
        ("app.Shop::Orders.take", None, "taken"),
        ("lib/other.f", {"lib/other.rb": "def f(event:, context:) = 'folder'"}, "folder"),
        ("a.f", {"a.rb": "require 'b'\ndef f(event:, context:) = B", "b.rb": "B = 'own'"}, "own"),
        (
            "a.f",
            {"a.rb": "require_relative 'c/b'\ndef f(event:, context:) = B", "c/b.rb": "B = 'own'"},
            "own",
        ),
    ],
)
def test_handlers_are_found_as_on_lambda(bench, bind, handler, files, found):
    sandbox, _ = bind(handler, files)
    assert answer(bench, sandbox) == found


@pytest.mark.parametrize(
    ("handler", "source", "error_type", "message"),
    [
        ("nothing.f", "", "Init<LoadError>", "cannot load such file -- /var/task/nothing"),
        ("app.f", "require 'missing'", "Init<LoadError>", "cannot load such file -- missing"),
        ("app.f", "X = 1", "Init<NoMethodError>", "undefined method 'f' for app.rb"),
        ("app.Y.f", "X = 1", "Init<NameError>", "uninitialized constant Y"),
        ("app.f", "def f(", "Init<SyntaxError>", "/var/task/app.rb:1"),
        ("app", "X = 1", "Init<ArgumentError>", "Invalid handler app"),
        ("app.f", "raise KeyError, 'k'", "Init<KeyError>", "k"),
    ],
)
def test_a_start_that_fails_says_why(bind, handler, source, error_type, message):
    _, bound = bind(handler, {"app.rb": source})
    assert (bound.outcome, bound.error_type) == (Outcome.INIT_FAILURE, error_type)
    assert message in bound.error_message


@pytest.mark.parametrize(
    ("handler", "error_type"),
    [
        ("silent", "Function<Silent>"),
        ("circular", "Function<JSON::NestingError>"),
        ("not_a_number", "Function<JSON::GeneratorError>"),
        ("deep", "Function<NoMethodError>"),
    ],
)
def test_errors_have_lambdas_shape(bench, bind, handler, error_type):
    sandbox, _ = bind(f"app.{handler}")
    ended = bench.call(sandbox, {"a": {"b": None}})
    assert (ended.outcome, ended.error_type) == (Outcome.FUNCTION_ERROR, error_type)
    assert sorted(json.loads(ended.response)) == ["errorMessage", "errorType", "stackTrace"]


def test_a_stack_is_the_functions_own(bench, bind):
    sandbox, _ = bind("app.deep")
    assert bench.call(sandbox, {"a": {"b": None}}).stack == ("/var/task/app.rb:22:in `deep'",)


def test_logs_have_lambdas_lines(bench, bind):
    sandbox, _ = bind("app.log")
    log = bench.call(sandbox, {}).log.decode()
    assert log.splitlines()[0].endswith(" -- : informed")
    assert log.startswith("I, [20")
    assert "bad\nfrom the context" in log


def test_clients_are_in_the_context(bench, bind):
    sandbox, _ = bind("app.client")
    assert answer(bench, sandbox, client_context='{"custom": 1}') == [{"custom": 1}, None]


def test_an_exit_is_a_crash(bench, bind):
    sandbox, _ = bind("app.leave")
    assert bench.call(sandbox, {}).outcome is Outcome.CRASH


GEMSPEC = """Gem::Specification.new do |s|
  s.name = "lib"; s.version = "1.0"; s.summary = "x"; s.authors = ["a"]; s.files = ["lib/lib.rb"]
end"""


def test_installed_gems_are_found(bench, bind):
    source = "require 'lib'\ndef f(event:, context:) = Lib::X"
    installed = {
        "ruby/3.3.0/specifications/lib-1.0.gemspec": GEMSPEC,
        "ruby/3.3.0/gems/lib-1.0/lib/lib.rb": "module Lib; X = 'gem'; end",
    }
    sandbox, bound = bind("app.f", {"app.rb": source}, dependencies=installed)
    assert bound.outcome is Outcome.SUCCESS, bound
    assert answer(bench, sandbox) == "gem"


def test_a_gemfile_is_installed_or_the_source_that_does_not_answer_is_named(config, on_demand, tmp_path):
    on_demand(RUNTIME)
    (tmp_path / "Gemfile").write_text('source "https://rubygems.org"\ngem "rack"\n')
    try:
        tree = build_tree(config, RUNTIME, tmp_path)
    except BuildFailed as error:
        assert "bundler could not reach the package index" in str(error)
        pytest.skip(str(error))
    assert list(tree.glob("ruby/3.3.0/gems/rack-*"))


def test_gems_of_the_package_itself_need_no_source(config, on_demand, tmp_path):
    on_demand(RUNTIME)
    (tmp_path / "Gemfile").write_text('gem "lib", path: "."\n')
    (tmp_path / "lib.gemspec").write_text(GEMSPEC)
    tree = build_tree(config, RUNTIME, tmp_path)
    assert tree.is_dir()
