"""What an invocation's outcome means, in words: what happened, why, and what to do. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from functions.states import FUNCTION_FAULTS, Outcome


@dataclass(frozen=True, slots=True)
class Explanation:
    """`title` says what happened, `cause` why, `advice` what to do; the last two may be empty."""

    title: str
    cause: str = ""
    advice: str = ""


# Title and advice; {limit} and {memory} are filled in.
_WORDS: dict[str, tuple[str, str]] = {
    Outcome.SUCCESS: ("Succeeded.", ""),
    Outcome.FUNCTION_ERROR: (
        "The function raised an error.",
        "The stack below names the line. Edit it and deploy.",
    ),
    Outcome.TIMEOUT: (
        "The function did not finish within {limit} and was stopped.",
        "The last log line tells what it waited on. Raise the time-out if the work is that long.",
    ),
    Outcome.OUT_OF_MEMORY: (
        "The function needed more than its {memory} of memory and was stopped.",
        "Raise the memory under Configuration, or hold less at once.",
    ),
    Outcome.CRASH: (
        "The function's process ended before it answered.",
        "Look for os._exit, process.exit or a native crash at the end of the log.",
    ),
    Outcome.INIT_FAILURE: (
        "The code failed to start, so no handler ran.",
        "An import or a line outside the handler failed. Fix it and deploy.",
    ),
    Outcome.THROTTLED: (
        "Throttled: the function did not run.",
        "As many calls ran already as its reserved concurrency or the project's limit allows.",
    ),
    Outcome.PLATFORM: (
        "Functory failed, not the function. Nothing is charged.",
        "Settings, About shows what is wrong with the machine.",
    ),
}


def explain(
    *,
    outcome: str,
    error_type: str = "",
    error_message: str = "",
    timeout_s: int = 0,
    memory_mb: int = 0,
    cold: bool = False,
) -> Explanation:
    """The explanation of one finished invocation; zero limits are unknown ones."""
    title, advice = _WORDS.get(outcome, (outcome, ""))
    if outcome == Outcome.SUCCESS:
        return Explanation("Succeeded after a cold start." if cold else title)
    limit = f"its time-out of {timeout_s} s" if timeout_s else "its time-out"
    memory = f"{memory_mb} MB" if memory_mb else "share"
    cause = ": ".join(part for part in (error_type, error_message) if part)
    return Explanation(title.format(limit=limit, memory=memory), cause, advice)


def tone(outcome: str) -> str:
    """The badge's colour: green, red, or amber for what did not run."""
    if outcome == Outcome.SUCCESS:
        return "green"
    return "red" if outcome in FUNCTION_FAULTS or outcome == Outcome.PLATFORM else "amber"
