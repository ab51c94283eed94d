"""One plain sentence for each way an installation fails; the texts are the tools' own."""

import pytest

from runner.build.blame import cause

PIP_MISSING = [
    "ERROR: Could not find a version that satisfies the requirement requests==99 (from versions: 0.2.0, 2.32.5)",
    "ERROR: No matching distribution found for requests==99",
]
PIP_OFFLINE = [
    "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError': /simple/requests/",
    "ERROR: Could not find a version that satisfies the requirement requests (from versions: none)",
    "ERROR: No matching distribution found for requests",
]
NPM_VERSION = [
    "npm error code ETARGET",
    "npm error notarget No matching version found for left-pad@99.",
    "npm error notarget In most cases you or one of your dependencies are requesting",
    "npm error A complete log of this run can be found in: /build/tmp/npm/_logs/x.log",
]
NPM_NAME = ["npm error code E404", "npm error 404  'no-such-thing-at-all@1' is not in this registry."]
NPM_LOCK = [
    "npm error code EUSAGE",
    "npm error",
    "npm error `npm ci` can only install packages when your package.json and package-lock.json are in sync.",
    "npm error A complete log of this run can be found in: /build/tmp/npm/_logs/x.log",
]


@pytest.mark.parametrize(
    ("tool", "lines", "sentence"),
    [
        ("pip", PIP_MISSING, "`requests==99` does not exist for this runtime; the newest version is 2.32.5."),
        ("pip", [PIP_OFFLINE[2]], "`requests` does not exist."),
        ("npm", NPM_VERSION, "`left-pad@99` does not exist."),
        ("npm", NPM_NAME, "`no-such-thing-at-all@1` does not exist."),
    ],
)
def test_what_does_not_exist_is_named(tool, lines, sentence):
    assert cause(tool, lines) == sentence


@pytest.mark.parametrize(
    ("tool", "lines"),
    [
        ("pip", PIP_OFFLINE),
        ("npm", ["npm error code ENOTFOUND", "npm error network request to https://x failed"]),
    ],
)
def test_an_index_out_of_reach_is_not_a_missing_package(tool, lines):
    assert cause(tool, lines).startswith(f"{tool} could not reach the package index: ")


def test_a_certificate_that_is_not_trusted_says_what_to_do():
    lines = [
        "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed"
    ]
    assert "FUNCTORY_CA_BUNDLE" in cause("pip", lines)


def test_otherwise_the_tool_speaks_for_itself():
    assert cause("npm", NPM_LOCK).startswith("npm failed: `npm ci` can only install packages when")
    assert cause("pip", ["building", "error: command 'gcc' failed"]) == "pip failed: command 'gcc' failed"
    assert cause("pip", ["Segmentation fault"]) == "pip failed: Segmentation fault"
    assert cause("pip", []) == "pip failed: it said nothing."


def test_other_tools_speak_for_themselves_and_a_silent_index_is_named():
    lines = [
        "Fetching gem metadata",
        "Could not reach host index.example.org. Check your network connection.",
    ]
    assert cause("bundler", lines) == (
        "bundler could not reach the package index: Could not reach host index.example.org. "
        "Check your network connection."
    )
    found = cause("go", ["# example.com/hello", "./main.go:9:2: undefined: fmtt"])
    assert found == "go failed.\n# example.com/hello\n./main.go:9:2: undefined: fmtt"
    assert "FUNCTORY_CA_BUNDLE" in cause("cargo", ["SSL certificate problem: unable to get local issuer"])
