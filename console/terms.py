"""Terms of art in a few words each: what it is, why it matters, its limit, AWS's name. Shown by
partials/term.html wherever a page uses the term."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    """One explanation; empty parts are left out."""

    name: str
    what: str
    why: str = ""
    limit: str = ""
    aws: str = ""


TERMS: dict[str, Term] = {
    "alias": Term(
        "Alias",
        "A name that points at a version. Triggers made here call the alias live, so a deploy or a roll back "
        "moves all of them at once.",
        "Callers keep one address while you choose what stands behind it.",
        aws="Alias",
    ),
    "billed": Term(
        "Billed duration",
        "The time that is charged: how long the handler ran, plus the init of a cold start, rounded up to "
        "the next millisecond.",
        aws="Billed Duration",
    ),
    "bucket": Term(
        "Bucket",
        "Keeps objects: bytes under a key, with a few headers. Keys are flat; a slash in them is shown as a folder.",
        "Functions keep here what outlives a call or is too large for an answer, and are called when an object comes "
        "or goes.",
        "5 GB an object, 20 GB and 100 buckets a project.",
        aws="S3 bucket",
    ),
    "cold_start": Term(
        "Cold start",
        "The first call in a new execution environment: the runtime starts and your code is imported before "
        "the handler runs.",
        "Later calls find the environment warm and skip this. Keep imports lean to keep it short.",
        aws="Init Duration",
    ),
    "concurrency": Term(
        "Reserved concurrency",
        "How many calls of this function may run at the same moment. The share is kept for it, and it never "
        "gets more.",
        "It protects what the function talks to, such as a database with few connections. 0 stops all calls.",
        "Calls above it are refused at once with 429 and are not charged.",
        aws="ReservedConcurrentExecutions",
    ),
    "container_image": Term(
        "Container image",
        "Code with everything that it needs, as docker build makes it: language, packages and a client of Lambda's "
        "Runtime API. It is the function's code in place of files.",
        "For what no runtime here has, or what you build elsewhere. A version keeps the image that it was deployed "
        "with.",
        "Read-only but for /tmp; no layers.",
        aws="PackageType Image",
    ),
    "environment": Term(
        "Environment variables",
        "Names and values that the code reads when it runs, kept apart from the code and encrypted at rest.",
        "Settings and secrets can differ between versions without changing a line.",
        "All names and values together: 4 KB.",
        aws="Environment.Variables",
    ),
    "budget": Term(
        "Budget",
        "What a month may cost at AWS's list price, for the project or for one function. It is looked at every few "
        "seconds and told of at 50, 80 and 100 %.",
        "A loop that calls itself is noticed by its cost first. A budget that refuses calls ends it by itself.",
        "Calls that are refused get 429 and cost nothing; asynchronous events wait for up to six hours.",
        aws="AWS Budgets, which only tell",
    ),
    "alarm": Term(
        "Alarm",
        "Compares a metric with a limit, period by period, and tells a webhook when enough periods lie beyond it and "
        "when they no longer do. It is looked at every half minute.",
        "Somebody hears of a failing function before its callers write. Invocations below 1 tells of a schedule that "
        "no longer runs.",
        aws="CloudWatch alarms",
    ),
    "layer": Term(
        "Layer",
        "A zip of libraries or files that several functions share. It lies at /opt, where Python looks into "
        "/opt/python and Node.js into /opt/nodejs/node_modules.",
        "What is shared is published once, in versions that never change; a function names the one that it wants.",
        "Five for a function; with its code 250 MB unpacked.",
        aws="Lambda layers",
    ),
    "secret": Term(
        "Secret",
        "A value with a name, kept encrypted for the functions of a project. Variables refer to it by name.",
        "It is changed in one place, for all functions at once and without a deploy, and no setting shows it.",
        "64 KB each.",
        aws="AWS Secrets Manager; {{resolve:secretsmanager:NAME}}",
    ),
    "ephemeral": Term(
        "Temporary storage",
        "The writable folder /tmp. Everything else in the environment is read-only.",
        "It stays while the environment is warm, so it can cache; it is gone with the environment.",
        "512 to 10,240 MB.",
        aws="EphemeralStorage",
    ),
    "event_capture": Term(
        "Event capture",
        "Which events and responses are kept with their call, so that you can look at them and replay them.",
        "Turn it off when events carry what may not be stored.",
        "Up to 256 KB of each.",
    ),
    "redact": Term(
        "Fields not kept",
        "Values at these places of an event or answer are replaced before it is kept. The function gets them whole.",
        "It keeps passwords and card numbers out of logs of calls; a replay then sends what was kept.",
        "20 paths.",
    ),
    "function_url": Term(
        "Function URL",
        "An HTTP address of its own for this function. Method, path, headers and body arrive as the event.",
        "With AWS_IAM only requests signed with an access key are let in.",
        "Request and response up to 6 MB.",
        aws="FunctionUrlConfig",
    ),
    "handler": Term(
        "Handler",
        "Where the runtime enters your code: file.function. It is called once for each event.",
        aws="Handler",
    ),
    "init": Term(
        "Init duration",
        "How long a new execution environment took to import your code before its first call.",
        limit="10 seconds; a longer init runs again under the function's own time-out.",
        aws="Init Duration",
    ),
    "memory": Term(
        "Memory",
        "What the function may use at most. CPU grows with it: 1,769 MB is one full vCPU.",
        "More memory can make a slow function faster, and sometimes cheaper.",
        "128 to 10,240 MB. A function that needs more is ended with an out of memory error.",
        aws="MemorySize",
    ),
    "network": Term(
        "Network",
        "What the code can reach. Internet only blocks this machine, its network and cloud metadata addresses.",
        "Choose the least that the function needs.",
    ),
    "project": Term(
        "Project",
        "A set of functions, people and keys with an account number of its own, as an AWS account is.",
        aws="Account",
    ),
    "runtime": Term(
        "Runtime",
        "The language and its version. Functory keeps environments with it started, so that cold starts are "
        "short.",
        aws="Runtime",
    ),
    "sandbox": Term(
        "Execution environment",
        "One isolated copy of the function, called a sandbox here. It serves one call at a time and stays "
        "warm for the next.",
        "Nothing runs, and nothing is charged, between calls.",
        aws="Execution environment",
    ),
    "release": Term(
        "Gradual release",
        "A new version takes some of the calls first, and all of them once it did no worse than the old one.",
        "A mistake meets a few callers and not all; error rate and p95 decide, and traffic goes back by itself. "
        "With fewer than 20 calls a step lasts up to an hour longer before it goes on unjudged.",
        aws="Traffic shifting with weighted aliases; CodeDeploy's Canary and Linear",
    ),
    "webhook": Term(
        "Webhook",
        "An address that another service calls when something happens there: a push, a payment, a message. It signs "
        "what it sends with a secret that both know.",
        "What is not signed with it never reaches the function, and costs nothing. Answered with 202 at once, the "
        "event is kept and tried again if the function fails.",
        limit="6 MB when the sender waits for the function's answer, 1 MB as an event.",
        aws="A function URL that checks signatures in its own code",
    ),
    "queue": Term(
        "Queue",
        "Keeps messages that programs send with SQS's API until the function has worked them off, in batches.",
        "A message that fails comes again, later each time; with a dead-letter queue it ends there.",
        limit="1 MB for each message; 10 in a batch of a FIFO queue, 10,000 in another.",
        aws="SQS event source mapping",
    ),
    "message_queue": Term(
        "Message queue",
        "Keeps messages until somebody has dealt with each. Who receives one hides it from others for a while, and "
        "deletes it when the work is done; what is not deleted comes again.",
        "It parts who asks from who works: neither has to wait for the other, and nothing is lost when one is away.",
        "A dead-letter queue takes what has failed too often; redrive moves it back once the cause is mended.",
        aws="SQS queue",
    ),
    "schedule": Term(
        "Schedule",
        "Calls the function by the clock: rate(5 minutes), or cron(minutes hours day-of-month month "
        "day-of-week year) in a time zone you choose.",
        "A time that the clock skips in spring runs once, right after; one that it repeats runs once.",
        aws="EventBridge Scheduler",
    ),
    "tags": Term(
        "Tags",
        "Names and values of your own to group functions by: team, project, stage.",
        limit="50 per function.",
        aws="Tags",
    ),
    "timeout": Term(
        "Time-out",
        "How long one call may take. At the end the environment is stopped and the call fails.",
        "It bounds what a hanging call can cost.",
        "1 to 900 seconds.",
        aws="Timeout",
    ),
    "version": Term(
        "Version",
        "A numbered, unchangeable picture of code and configuration. Each deploy publishes the next one.",
        "Going back is moving the alias live to an older number: nothing is rebuilt.",
        aws="Version",
    ),
}
