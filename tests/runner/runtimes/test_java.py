"""AWS's contract for Java handlers, in a real sandbox: sources compiled in the builder, or classes and jars."""

import json

import pytest

from functions.states import Outcome
from runner.build.builder import BuildFailed
from tests.support.functions_in_sandboxes import build_tree

pytestmark = [pytest.mark.docker, pytest.mark.on_demand]

RUNTIME = "java21"
SOURCE = """
package shop;
import com.amazonaws.services.lambda.runtime.*;
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.*;

public class Shop {
    public enum Size { SMALL, LARGE }
    public record Item(String name, int count, Size size) {}
    public static class Order {
        private String orderId; private List<Item> items; private Map<String, Double> prices; private Instant at;
        private boolean paid; public long total;
        public String getOrderId() { return orderId; }
        public void setOrderId(String value) { orderId = value; }
        public List<Item> getItems() { return items; }
        public void setItems(List<Item> value) { items = value; }
        public Map<String, Double> getPrices() { return prices; }
        public void setPrices(Map<String, Double> value) { prices = value; }
        public Instant getAt() { return at; }
        public void setAt(Instant value) { at = value; }
        public boolean isPaid() { return paid; }
        public void setPaid(boolean value) { paid = value; }
    }
    public static class Generic<T> implements RequestHandler<List<T>, Integer> {
        public Integer handleRequest(List<T> list, Context context) { return list.size(); }
    }
    public static class Streams implements RequestStreamHandler {
        public void handleRequest(InputStream in, OutputStream out, Context context) throws IOException {
            byte[] all = in.readAllBytes();
            out.write(("[" + new String(all, StandardCharsets.UTF_8) + "]").getBytes(StandardCharsets.UTF_8));
        }
    }
    public static class NoConstructor { public NoConstructor(int x) {} public int f() { return 1; } }
    public static class Broken { static { if (true) throw new IllegalStateException("static"); } public int f() { return 1; } }
    public Order pojo(Order order) { order.total = order.getItems().stream().mapToInt(Item::count).sum(); return order; }
    public static String plainStatic() { return "static"; }
    public String overloaded(String text) { return "one"; }
    public String overloaded(String text, Context context) { return "two " + text; }
    public int numbers(int number) { return number * 2; }
    public void nothing(Map<String, Object> event) {}
    public List<Object> list(List<Object> event) { Collections.reverse(event); return event; }
    public String files(Object event) throws IOException { return new BufferedReader(new FileReader("data.txt")).readLine() + System.getProperty("user.dir"); }
    public String resource(Object event) throws IOException {
        return new String(Shop.class.getResourceAsStream("/data.txt").readAllBytes(), StandardCharsets.UTF_8);
    }
    public String cause(Object event) { throw new IllegalStateException("outer", new IOException("inner")); }
    public String error(Object event) { throw new AssertionError("not an exception"); }
    public String deep(Object event) { return deep(event); }
    public Object circular(Object event) { List<Object> list = new ArrayList<>(); list.add(list); return list; }
    public Object client(Object event, Context context) {
        context.getLogger().log("logged");
        return Arrays.asList(context.getClientContext().getCustom(), context.getIdentity().getIdentityId());
    }
    public String zone(Object event) { return TimeZone.getDefault().getID() + " " + System.getProperty("given"); }
}
"""


@pytest.fixture
def bind(bench, on_demand):
    on_demand(RUNTIME)

    def bind(handler, files=None, **more):
        return bench.bind_built(
            RUNTIME, files or {"Shop.java": SOURCE, "data.txt": "data"}, handler, memory_mb=256, **more
        )

    return bind


def answer(bench, sandbox, event=None, **more):
    ended = bench.call(sandbox, event, **more)
    assert ended.outcome is Outcome.SUCCESS, ended
    return json.loads(ended.response)


ORDER = {
    "orderId": "A-1",
    "items": [{"name": "ü", "count": 2, "size": "LARGE"}, {"name": "b", "count": 3, "size": None}],
    "prices": {"ü": 1.5},
    "at": "2026-01-31T12:00:00Z",
    "paid": True,
    "unknown": [1],
}


@pytest.mark.parametrize(
    ("handler", "event", "found"),
    [
        ("pojo", ORDER, {**{k: v for k, v in ORDER.items() if k != "unknown"}, "total": 5}),
        ("plainStatic", {}, "static"),
        ("overloaded", "x", "two x"),
        ("numbers", 21, 42),
        ("nothing", {}, None),
        ("list", [1, "a", None, 1.5, 12345678901], [12345678901, 1.5, None, "a", 1]),
        ("files", {}, "data/var/task"),
        ("resource", {}, "data"),
    ],
)
def test_events_and_answers_are_objects_of_the_functions_own(bench, bind, handler, event, found):
    sandbox, bound = bind(f"shop.Shop::{handler}")
    assert bound.outcome is Outcome.SUCCESS, bound
    assert answer(bench, sandbox, event) == found


@pytest.mark.parametrize(
    ("handler", "event", "found"),
    [
        ("shop.Shop$Generic", [1, 2], 2),
        ("shop.Shop$Generic::handleRequest", [1], 1),
        ("shop.Shop$Streams", {"a": "ü"}, [{"a": "ü"}]),
        ("shop.Shop$Streams::handleRequest", 1, [1]),
    ],
)
def test_awss_interfaces_are_there(bench, bind, handler, event, found):
    sandbox, _ = bind(handler)
    assert answer(bench, sandbox, event) == found


@pytest.mark.parametrize(
    ("handler", "error_type", "message"),
    [
        ("shop.Nothing::f", "java.lang.ClassNotFoundException", "Class not found: shop.Nothing"),
        ("shop.Shop::nowhere", "java.lang.NoSuchMethodException", "No public method named nowhere"),
        ("shop.Shop", "java.lang.ClassCastException", "implements neither RequestHandler nor"),
        ("shop.Shop$NoConstructor::f", "java.lang.NoSuchMethodException", "no public zero-argument"),
        ("shop.Shop$Broken::f", "java.lang.IllegalStateException", "static"),
        ("a::b::c", "Runtime.MalformedHandlerName", "not a valid handler name"),
    ],
)
def test_a_start_that_fails_says_why(bind, handler, error_type, message):
    _, bound = bind(handler)
    assert (bound.outcome, bound.error_type) == (Outcome.INIT_FAILURE, error_type)
    assert message in bound.error_message


@pytest.mark.parametrize(
    ("handler", "event", "error_type", "message"),
    [
        ("cause", {}, "java.lang.IllegalStateException", "outer"),
        ("error", {}, "java.lang.AssertionError", "not an exception"),
        ("deep", {}, "java.lang.StackOverflowError", ""),
        ("numbers", {}, "java.lang.RuntimeException", "JSON parsing: Cannot make int of a JSON object"),
        ("circular", {}, "java.lang.RuntimeException", "JSON serialization of response"),
    ],
)
def test_errors_have_lambdas_shape(bench, bind, handler, event, error_type, message):
    sandbox, _ = bind(f"shop.Shop::{handler}")
    ended = bench.call(sandbox, event)
    assert (ended.outcome, ended.error_type) == (Outcome.FUNCTION_ERROR, error_type)
    assert message in ended.error_message
    if handler == "cause":
        told = json.loads(ended.response)
        assert told["stackTrace"][0].startswith("shop.Shop.cause(Shop.java:")
        assert told["cause"]["errorType"] == "java.io.IOException"
        assert b"Caused by: inner: java.io.IOException" in ended.log
    assert sandbox.alive


def test_the_context_logs_and_knows_the_client(bench, bind):
    sandbox, _ = bind("shop.Shop::client")
    ended = bench.call(sandbox, {}, client_context='{"custom": {"a": "1"}}')
    assert json.loads(ended.response) == [{"a": "1"}, None]
    assert ended.log == b"logged\n"


def test_variables_of_the_start_and_the_time_zone_hold(bench, bind):
    given = {"TZ": "Europe/Berlin", "JAVA_TOOL_OPTIONS": "-Dgiven=yes"}
    sandbox, _ = bind("shop.Shop::zone", environment=given)
    assert answer(bench, sandbox) == "Europe/Berlin yes"


def test_a_compiler_says_what_is_wrong(config, on_demand, tmp_path):
    on_demand(RUNTIME)
    (tmp_path / "A.java").write_text("class A {\n  int f() { return x; }\n}")
    with pytest.raises(BuildFailed, match=r"(?s)java failed\..*A\.java:2: error: cannot find symbol"):
        build_tree(config, RUNTIME, tmp_path)


POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>shop</groupId><artifactId>shop</artifactId><version>1</version>
  <properties><maven.compiler.source>21</maven.compiler.source><maven.compiler.target>21</maven.compiler.target>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding></properties>
  <dependencies>
    <dependency><groupId>com.amazonaws</groupId><artifactId>aws-lambda-java-core</artifactId><version>1.2.3</version></dependency>
    <dependency><groupId>com.amazonaws</groupId><artifactId>aws-lambda-java-events</artifactId><version>3.14.0</version></dependency>
  </dependencies>
</project>"""
HTTP = """package shop;
import com.amazonaws.services.lambda.runtime.*;
import com.amazonaws.services.lambda.runtime.events.*;
import java.util.Map;
public class Http implements RequestHandler<APIGatewayV2HTTPEvent, APIGatewayV2HTTPResponse> {
    public APIGatewayV2HTTPResponse handleRequest(APIGatewayV2HTTPEvent event, Context context) {
        String said = event.getRequestContext().getHttp().getMethod() + event.getRawPath() + event.getHeaders().get("a");
        return APIGatewayV2HTTPResponse.builder().withStatusCode(201).withBody(said).build();
    }
}
"""


def test_classes_built_by_maven_against_awss_packages_run_unmodified(bench, on_demand, config, tmp_path):
    on_demand(RUNTIME)
    files = {"pom.xml": POM, "src/main/java/shop/Http.java": HTTP}
    try:
        sandbox, bound = bench.bind_built(RUNTIME, files, "shop.Http", memory_mb=512)
    except BuildFailed as error:
        assert "could not reach the package index" in str(error)
        pytest.skip(str(error))
    assert bound.outcome is Outcome.SUCCESS, bound
    event = {
        "version": "2.0",
        "rawPath": "/x",
        "headers": {"a": "b"},
        "requestContext": {"http": {"method": "GET"}, "timeEpoch": 1700000000000},
        "isBase64Encoded": False,
    }
    found = answer(bench, sandbox, event)
    assert (found["statusCode"], found["body"], found["isBase64Encoded"]) == (201, "GET/xb", False)
