"""Why an installation failed, in one sentence, from what pip or npm said. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

_UNREACHABLE = re.compile(
    r"Retrying \(Retry|NewConnectionError|ConnectTimeoutError|NameResolutionError|ProxyError|"
    r"ENOTFOUND|ECONNREFUSED|ECONNRESET|EAI_AGAIN|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT|"
    r"Could not reach host|Network error while fetching|Could not fetch specs|getaddrinfo|dial tcp|i/o timeout|"
    r"Could not resolve host|Couldn't connect to server|Could not connect to server|UnknownHostException|"
    r"Connection refused|Connection reset|connection timed out|Could not transfer artifact"
)
_UNTRUSTED = re.compile(
    r"CERTIFICATE_VERIFY_FAILED|SELF_SIGNED_CERT|UNABLE_TO_GET_ISSUER_CERT|UNABLE_TO_VERIFY_LEAF|"
    r"certificate verify failed|certificate signed by unknown authority|unable to find valid certification path|"
    r"SSL certificate problem"
)
_PIP_MISSING = re.compile(r"No matching distribution found for (.+)")
_PIP_OTHERS = re.compile(r"\(from versions: (.*)\)")
_NPM_MISSING = re.compile(
    r"No matching version found for (\S+?)\.?$|'([^']+)' is not in (?:this|the npm) registry"
)
_SAID = re.compile(r"(?:ERROR:|error:|npm (?:error|ERR!)(?: code)?)\s*(.+)")
_COMPILER_LINES = 30
_NOISE = re.compile(r"complete log of this run|^/build/|^[A-Z0-9]+$|^\s*$")


def cause(tool: str, lines: Sequence[str]) -> str:
    """What to tell the person who deployed; `lines` is the end of the output."""
    text = "\n".join(lines)
    if _UNTRUSTED.search(text):
        return "The package index's certificate is not trusted: give the host's bundle in FUNCTORY_CA_BUNDLE."
    if tool not in {"pip", "npm"}:
        return _other(tool, text, lines)
    missing = _missing_for_pip(text) if tool == "pip" else _missing_for_npm(lines)
    # pip also says that nothing matches when it could not ask.
    if _UNREACHABLE.search(text) and (not missing or "from versions: none" in text):
        return f"{tool} could not reach the package index: {_last_said(lines)}"
    return missing or f"{tool} failed: {_last_said(lines)}"


def _other(tool: str, text: str, lines: Sequence[str]) -> str:
    """A compiler's own words, which are for whoever wrote the code; or the line that says that nobody answered."""
    kept = [line.rstrip() for line in lines if line.strip()]
    silent = _UNREACHABLE.search(text)
    if silent:
        said = next(line for line in kept if _UNREACHABLE.search(line))
        return f"{tool} could not reach the package index: {said.strip()[:500]}"
    return "\n".join([f"{tool} failed.", *kept[-_COMPILER_LINES:]])


def _missing_for_pip(text: str) -> str:
    found = _PIP_MISSING.search(text)
    if not found:
        return ""
    wanted = found[1].strip()
    others = _PIP_OTHERS.search(text)
    newest = others[1].split(",")[-1].strip() if others else "none"
    hint = "" if newest == "none" else f" for this runtime; the newest version is {newest}"
    return f"`{wanted}` does not exist{hint}."


def _missing_for_npm(lines: Sequence[str]) -> str:
    for line in lines:
        found = _NPM_MISSING.search(line)
        if found:
            return f"`{found[1] or found[2]}` does not exist."
    return ""


def _last_said(lines: Sequence[str]) -> str:
    said = [match[1].strip() for line in lines if (match := _SAID.search(line))]
    plain = [line for line in said if not _NOISE.search(line)]
    if plain:
        return plain[0 if any("npm" in line for line in lines) else -1][:500]
    kept = [line.strip() for line in lines if line.strip()]
    return kept[-1][:500] if kept else "it said nothing."
