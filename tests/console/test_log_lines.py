"""A log's text becomes lines with the level and the JSON that a reader sees."""

from console import log_lines

PYTHON = """START RequestId: 1 Version: 3
[INFO]\t2026-01-01T00:00:00.000Z\t1\thello {"user": "ann", "n": 2}
[WARNING]\t2026-01-01T00:00:00.000Z\t1\tslow
plain text
Traceback (most recent call last):
  File "/var/task/app.py", line 3, in handler
    raise ValueError("no")
ValueError: no
after
END RequestId: 1
REPORT RequestId: 1\tDuration: 1.00 ms
"""


def levels(text):
    return [line.level for line in log_lines.parse(text)]


def test_levels_of_a_python_log():
    assert levels(PYTHON) == [
        "platform",
        "info",
        "warn",
        "",
        "error",
        "error",
        "error",
        "error",
        "",
        "platform",
        "platform",
    ]


def test_a_raised_errors_traceback_ends_before_lambdas_own_lines():
    """Python's runtime names the error above its frames, so that no line of it follows them."""
    frames = (
        'Traceback (most recent call last):\n  File "/var/task/app.py", line 3, in handler\n    raise X\n'
    )
    text = f"[ERROR] X: no\n{frames}END RequestId: 1\nREPORT RequestId: 1\tDuration: 1.00 ms\n"
    assert levels(text) == [*["error"] * 4, "platform", "platform"]


def test_levels_of_a_node_log_and_of_json_lines():
    assert levels("2026-01-01T00:00:00.000Z\tabc\tERROR\tboom") == ["error"]
    assert levels('{"level":"warn","message":"x"}\n{"level":"odd"}\n{broken') == ["warn", "", ""]
    assert levels("2026-01-01T00:00:00Z 1 Task timed out after 3.00 seconds") == ["error"]


def test_a_word_in_capitals_is_not_a_level():
    assert levels("HELLO: world\nERROR: it broke\nGET /errors 200") == ["", "error", ""]


def test_json_at_the_end_of_a_line_is_set_apart():
    line = log_lines.parse(PYTHON)[1]
    assert line.before.endswith("\thello ")
    assert line.json == '{\n  "user": "ann",\n  "n": 2\n}'


def test_what_is_not_json_stays_text():
    for text in ('    event["name"]', "{not json}", "[INFO] fine [x]", "{}", "a { b", ""):
        assert log_lines.fold_json(text) == ("", "")


def test_an_array_after_a_level_in_brackets_is_found():
    assert log_lines.fold_json('[{"a": 1}]')[0] == ""
    assert log_lines.fold_json('[INFO] rows {"a": 1}') == ("[INFO] rows ", '{\n  "a": 1\n}')


def test_deep_nesting_does_not_break_the_page():
    assert log_lines.fold_json("[" * 9000 + "]" * 9000) == ("", "")


def test_headline_prefers_the_error_then_the_functions_own_line():
    assert log_lines.headline(PYTHON).text.startswith("Traceback")
    assert log_lines.headline("START RequestId: 1 Version: 1\nhi\nEND RequestId: 1\n").text == "hi"
    assert log_lines.headline("START RequestId: 1 Version: 1\nEND RequestId: 1").text == "END RequestId: 1"
    assert log_lines.headline("").text == ""
