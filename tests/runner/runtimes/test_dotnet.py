"""AWS's contract for C# handlers, in a real sandbox of Mono: sources compiled in the builder, with or without a project."""

import json

import pytest

from functions.states import Outcome
from runner.build.builder import BuildFailed
from tests.support.functions_in_sandboxes import build_tree

pytestmark = [pytest.mark.docker, pytest.mark.on_demand]

RUNTIME = "dotnet"
SOURCE = """
using System;
using System.Collections.Generic;
using System.Dynamic;
using System.IO;
using System.Linq;
using System.Runtime.Serialization;
using System.Text;
using System.Text.Json.Serialization;
using System.Threading.Tasks;
using Amazon.Lambda.Core;
using Amazon.Lambda.Serialization.SystemTextJson;

[assembly: LambdaSerializer(typeof(CamelCaseLambdaJsonSerializer))]

namespace Shop {
    public enum Size { Small, Large }
    public class Item {
        public Item(string name, int count) { Name = name; Count = count; }
        public string Name { get; }
        public int Count { get; }
    }
    public class Order {
        public string OrderId { get; set; }
        public List<Item> Items { get; set; }
        public Dictionary<string, double> Prices { get; set; }
        public DateTime At { get; set; }
        public Guid? Token { get; set; }
        public Size Size { get; set; }
        [JsonPropertyName("is-paid")] public bool Paid { get; set; }
        [DataMember(Name = "kind")] public string Named;
        [JsonIgnore] public string Secret => "secret";
        public byte[] Picture { get; set; }
        public long Total;
    }
    public class Own : ILambdaSerializer {
        public T Deserialize<T>(Stream stream) => (T)(object)"own";
        public void Serialize<T>(T response, Stream stream) { byte[] b = Encoding.UTF8.GetBytes("\\"by own: " + response + "\\""); stream.Write(b, 0, b.Length); }
    }
    public abstract class Bare { public int F() => 1; }
    public class Generic<T> { public int F() => 1; }
    public class NoConstructor { public NoConstructor(int x) {} public int F() => 1; }
    public class Broken { static int x = int.Parse("no"); public int F() => x; }
    public class Handlers {
        public Order Pojo(Order order) { order.Total = order.Items.Sum(each => each.Count); return order; }
        public static string PlainStatic() => "static";
        private int Numbers(int number) => number * 2;
        public void Nothing(object given) {}
        public string Text(string text, ILambdaContext context) => text.ToUpper();
        public List<object> Turned(List<object> given) { given.Reverse(); return given; }
        public object Dynamic(ExpandoObject given) { dynamic each = given; return each.a.b + 1; }
        public async Task<int> Later(int number) { await Task.Delay(5); return number + 1; }
        public async Task Silent(object given) { await Task.Delay(5); }
        public Stream Streams(Stream stream) {
            var text = new StreamReader(stream).ReadToEnd();
            return new MemoryStream(Encoding.UTF8.GetBytes("[" + text + "]"));
        }
        [LambdaSerializer(typeof(Own))] public string ByOwn(string given) => given;
        public string Files(object given) => File.ReadAllText("data.txt") + Directory.GetCurrentDirectory();
        public object Cause(object given) { throw new InvalidOperationException("outer", new IOException("inner")); }
        public async Task<object> CauseLater(object given) { await Task.Delay(1); throw new InvalidOperationException("outer"); }
        public object Circular(object given) { var list = new List<object>(); list.Add(list); return list; }
        public double NotANumber(object given) => double.NaN;
        public object Client(object given, ILambdaContext context) {
            context.Logger.LogLine("logged");
            context.Logger.LogWarning("order {id} of {name}", 7, "Ada");
            context.Logger.LogDebug("not shown");
            return new object[] {context.ClientContext.Custom, context.Identity};
        }
        public string Zone(object given) => TimeZoneInfo.Local.Id + " " + new DateTime(2026, 7, 1, 12, 0, 0, DateTimeKind.Utc).ToLocalTime().Hour;
        public string Twice(int a) => "";
        public string Twice(string a) => "";
        public string Three(int a, int b, ILambdaContext context) => "";
        public string Second(int a, int b) => "";
        public async void Void(object given) { await Task.Delay(1); }
    }
}
"""


@pytest.fixture
def bind(bench, on_demand):
    on_demand(RUNTIME)

    def bind(handler, files=None, **more):
        return bench.bind_built(RUNTIME, files or {"Shop.cs": SOURCE, "data.txt": "data"}, handler, **more)

    return bind


def answer(bench, sandbox, event=None, **more):
    ended = bench.call(sandbox, event, **more)
    assert ended.outcome is Outcome.SUCCESS, ended
    return json.loads(ended.response)


ORDER = {
    "orderId": "A-1",
    "ITEMS": [{"name": "ü", "count": 2}, {"Name": "b", "count": 3}],
    "prices": {"ü": 1.5},
    "at": "2026-01-31T12:00:00Z",
    "token": "1b671a64-40d5-491e-99b0-da01ff1f3341",
    "size": "large",
    "is-paid": True,
    "kind": "k",
    "unknown": [1],
}
MADE = {
    "orderId": "A-1",
    "items": [{"name": "ü", "count": 2}, {"name": "b", "count": 3}],
    "prices": {"ü": 1.5},
    "at": "2026-01-31T12:00:00Z",
    "token": "1b671a64-40d5-491e-99b0-da01ff1f3341",
    "size": 1,
    "is-paid": True,
    "kind": "k",
    "total": 5,
}


@pytest.mark.parametrize(
    ("handler", "event", "found"),
    [
        ("Pojo", ORDER, MADE),
        ("PlainStatic", {}, "static"),
        ("Numbers", 21, 42),
        ("Nothing", {}, None),
        ("Text", "grün", "GRÜN"),
        ("Turned", [1, "a", None, 1.5, 12345678901], [12345678901, 1.5, None, "a", 1]),
        ("Dynamic", {"a": {"b": 41}}, 42),
        ("Later", 1, 2),
        ("Silent", {}, None),
        ("Streams", {"a": "ü"}, [{"a": "ü"}]),
        ("ByOwn", {}, "by own: own"),
        ("Files", {}, "data/var/task"),
    ],
)
def test_events_and_answers_are_objects_of_the_functions_own(bench, bind, handler, event, found):
    sandbox, bound = bind(f"Function::Shop.Handlers::{handler}")
    assert bound.outcome is Outcome.SUCCESS, bound
    assert answer(bench, sandbox, event) == found


@pytest.mark.parametrize(
    ("handler", "error_type", "message"),
    [
        ("Shop::Shop.Handlers::Later", None, "Could not find the specified handler assembly with the file name 'Shop'."),
        ("Shop::Shop.Handlers::Later", None, "What was compiled here is 'Function'."),
        ("Function::Shop.Nothing::F", None, "Unable to load type 'Shop.Nothing' from assembly 'Function'."),
        ("Function::Shop.Handlers::Nowhere", None, "Found no methods matching method name 'Nowhere'."),
        ("Function::Shop.Handlers::Twice", None, "appears to have a number of overloads"),
        ("Function::Shop.Handlers::Three", None, "more than 2 parameters"),
        ("Function::Shop.Handlers::Second", None, "is not of type 'Amazon.Lambda.Core.ILambdaContext'"),
        ("Function::Shop.Handlers::Void", None, "'async void'"),
        ("Function::Shop.Bare::F", None, "is abstract"),
        ("Function::Shop.Generic`1::F", None, "it is generic"),
        ("Function::Shop.NoConstructor::F", "MissingMethodException", "constructor"),
        ("Function::Shop.Broken::F", "TypeInitializationException", "Shop.Broken"),
        ("Shop.Handlers::Later", None, "The valid format is 'ASSEMBLY::TYPE::METHOD'."),
    ],
)  # fmt: skip
def test_a_start_that_fails_says_why(bind, handler, error_type, message):
    _, bound = bind(handler)
    assert (bound.outcome, bound.error_type) == (
        Outcome.INIT_FAILURE,
        error_type or "LambdaValidationException",
    )
    assert message in bound.error_message


@pytest.mark.parametrize(
    ("handler", "error_type", "message"),
    [
        ("Cause", "InvalidOperationException", "outer"),
        ("CauseLater", "InvalidOperationException", "outer"),
        ("Numbers", "JsonSerializerException", "Error converting the Lambda event JSON payload to type System.Int32"),
        ("Circular", "JsonSerializerException", "it may contain itself"),
        ("NotANumber", "JsonSerializerException", "NaN is no number of JSON"),
    ],
)  # fmt: skip
def test_errors_have_lambdas_shape(bench, bind, handler, error_type, message):
    sandbox, _ = bind(f"Function::Shop.Handlers::{handler}")
    ended = bench.call(sandbox, {})
    assert (ended.outcome, ended.error_type) == (Outcome.FUNCTION_ERROR, error_type)
    assert message in ended.error_message
    told = json.loads(ended.response)
    if handler.startswith("Cause"):
        (own,) = told["stackTrace"]
        assert own.startswith("at Shop.Handlers") and "in /var/task/Shop.cs:line " in own
    if handler == "Cause":
        assert told["cause"]["errorType"] == "IOException"
        assert b"Caused by: inner: IOException" in ended.log
    assert sandbox.alive


def test_the_context_logs_and_knows_the_client(bench, bind):
    sandbox, _ = bind("Function::Shop.Handlers::Client")
    ended = bench.call(sandbox, {}, client_context='{"custom": {"a": "1"}}')
    assert json.loads(ended.response) == [{"a": "1"}, None]
    lines = [line.split("\t")[2:] for line in ended.log.decode().splitlines()]
    assert lines == [["info", "logged"], ["warn", "order 7 of Ada"]]


def test_the_time_zone_holds(bench, bind):
    sandbox, _ = bind("Function::Shop.Handlers::Zone", environment={"TZ": ":Europe/Berlin"})
    assert answer(bench, sandbox) == "Europe/Berlin 14"


PROJECT = """<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><TargetFramework>net472</TargetFramework>{name}</PropertyGroup>
  <ItemGroup>
    <PackageReference Include="Amazon.Lambda.Core" Version="2.2.0" />
    <PackageReference Include="Amazon.Lambda.Serialization.SystemTextJson" Version="2.4.0" />{more}
  </ItemGroup>
</Project>"""
SMALL = "public class A { public string F(string a) { return a; } }"


@pytest.mark.parametrize(
    ("named", "assembly"),
    [("", "Shop"), ("<AssemblyName>Other</AssemblyName>", "Other")],
)
def test_a_project_names_its_assembly(bench, bind, named, assembly):
    files = {"Shop.csproj": PROJECT.format(name=named, more=""), "src/A.cs": SMALL}
    sandbox, bound = bind(f"{assembly}::A::F", files)
    assert bound.outcome is Outcome.SUCCESS, bound
    assert answer(bench, sandbox, "x") == "x"


def test_a_package_that_cannot_be_had_is_named(config, on_demand, tmp_path):
    on_demand(RUNTIME)
    more = '<PackageReference Include="Newtonsoft.Json" Version="13.0.3" />'
    (tmp_path / "Shop.csproj").write_text(PROJECT.format(name="", more=more))
    (tmp_path / "A.cs").write_text(SMALL)
    with pytest.raises(
        BuildFailed,
        match=r"(?s)Newtonsoft\.Json: packages of NuGet are not installed.*lib/Newtonsoft\.Json\.dll",
    ):
        build_tree(config, RUNTIME, tmp_path)


def test_a_compiler_says_what_is_wrong(config, on_demand, tmp_path):
    on_demand(RUNTIME)
    (tmp_path / "A.cs").write_text("class A {\n  int F() { return x; }\n}")
    with pytest.raises(BuildFailed, match=r"(?s)mcs failed\..*A\.cs\(2,\d+\): error CS0103"):
        build_tree(config, RUNTIME, tmp_path)


def test_an_assembly_refers_to_those_in_lib(bench, config, on_demand, tmp_path):
    on_demand(RUNTIME)
    library, package, made = (tmp_path / name for name in ("library", "package", "made"))
    for folder in (library, package / "lib", made / "lib"):
        folder.mkdir(parents=True)
    (library / "Lib.csproj").write_text(PROJECT.format(name="", more=""))
    (library / "Lib.cs").write_text('public static class Lib { public static string X = "lib"; }')
    compiled = (build_tree(config, RUNTIME, library) / "Lib.dll").read_bytes()
    (package / "lib/Lib.dll").write_bytes(compiled)
    (package / "A.cs").write_text("public class A { public string F(object a) { return Lib.X; } }")
    (made / "Function.dll").write_bytes((build_tree(config, RUNTIME, package) / "Function.dll").read_bytes())
    (made / "lib/Lib.dll").write_bytes(compiled)
    sandbox, bound = bench.bind(RUNTIME, {"read.me": "no sources"}, "Function::A::F", dependencies=made)
    assert bound.outcome is Outcome.SUCCESS, bound
    assert answer(bench, sandbox) == "lib"
