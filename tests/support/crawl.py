"""A visitor of every link and form that pages offer: follows the links, collects the forms with the values that
they stand filled with, and can send each. Works on Django's test client, so that each form sees the same rows."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urldefrag, urljoin, urlsplit

from django.db import transaction
from django.test import Client
from django.urls import resolve

PER_ROUTE = 6  # Sorted, filtered and paged forms of one page differ in their query only.


@dataclass(frozen=True)
class Form:
    """A form as it stands on a page; `fields` holds what sending it untouched would carry."""

    action: str
    method: str
    fields: tuple[tuple[str, str], ...] = ()
    buttons: tuple[tuple[str, str], ...] = ()

    @property
    def ways(self) -> list[tuple[tuple[str, str], ...]]:
        """What each of its buttons would send. A search is sent by Enter; a form to change something that has
        no button is one that this role may only read."""
        if self.method == "get" and not self.buttons:
            return [self.fields]
        return [(*self.fields, button) if button[0] else self.fields for button in self.buttons]


@dataclass
class Offered(HTMLParser):
    """The addresses and forms of one page; `told` are the addresses in its data attributes, for scripts."""

    page: str
    links: list[str] = field(default_factory=list)
    forms: list[Form] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._open: tuple[str, str] | None = None
        self._fields: list[tuple[str, str]] = []
        self._buttons: list[tuple[str, str]] = []
        self._elsewhere: list[tuple[str, tuple[str, str]]] = []
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        words = {name: value or "" for name, value in attrs}
        self.told += [
            value for name, value in words.items() if name.startswith("data-") and value.startswith("/p/")
        ]
        if tag == "a" and "href" in words:
            self.links.append(words["href"])
        if "hx-get" in words:
            self.links.append(words["hx-get"])
        if "hx-post" in words and tag != "form":
            self.forms.append(Form(self._absolute(words["hx-post"]), "post", buttons=(("", ""),)))
        if tag == "form":
            action = words.get("action") or words.get("hx-post") or words.get("hx-get") or self.page
            method = "post" if "hx-post" in words else words.get("method", "get").lower()
            self._open, self._fields, self._buttons, self._elsewhere = (action, method), [], [], []
        elif self._open:
            self._field(tag, words)

    def _field(self, tag: str, words: dict[str, str]) -> None:
        name, kind = words.get("name", ""), words.get("type", "")
        if tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in words:
            self._fields.append((self._select, words.get("value", "")))
        elif tag == "textarea" and name:
            self._fields.append((name, ""))
        elif tag == "button" and words.get("type", "submit") == "submit":
            button = (name, words.get("value", ""))
            if "formaction" in words:
                self._elsewhere.append((self._absolute(words["formaction"]), button))
            else:
                self._buttons.append(button)
        elif tag == "input" and name and _is_sent(kind, checked="checked" in words):
            self._fields.append((name, words.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        if tag == "form" and self._open:
            action, method = self._open
            fields, buttons = tuple(self._fields), tuple(self._buttons)
            self.forms.append(Form(self._absolute(action), method, fields, buttons))
            self.forms += [Form(there, method, fields, (button,)) for there, button in self._elsewhere]
            self._open = None

    def _absolute(self, address: str) -> str:
        return urljoin(self.page, address)


@dataclass
class Crawl:
    """What a person finds by following every link from `start`: pages by route, faults, forms by route, and the
    routes of addresses that pages tell their scripts. `silent` are routes of pages without "As AWS CLI"."""

    client: Client
    faults: list[str] = field(default_factory=list)
    routes: Counter[str] = field(default_factory=Counter)
    forms: dict[str, list[tuple[str, Form]]] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)

    def visit(self, start: str) -> Crawl:
        """Follow everything from there."""
        waiting, seen = deque([(start, "start")]), {start}
        while waiting:
            address, source = waiting.popleft()
            route = resolve(urlsplit(address).path).url_name or ""
            if self.routes[route] >= PER_ROUTE:
                continue
            self.routes[route] += 1
            for link in self._open(address, source):
                if link not in seen:
                    seen.add(link)
                    waiting.append((link, address))
        return self

    def _open(self, address: str, source: str) -> list[str]:
        answer = self.client.get(address, follow=True)
        if answer.status_code != 200:
            self.faults.append(f"{answer.status_code} {address} (offered by {source})")
        if answer.redirect_chain:
            address = answer.redirect_chain[-1][0]
        if answer.streaming or not answer["Content-Type"].startswith("text/html"):
            return []
        return self._read(address, answer.content.decode())

    def _read(self, address: str, text: str) -> list[str]:
        offered = Offered(urlsplit(address).path)
        offered.feed(text)
        if "<main" in text and 'class="cli' not in text:
            self.silent.add(resolve(urlsplit(address).path).url_name or "")
        self.told |= {resolve(urlsplit(one).path).url_name or "" for one in offered.told}
        for form in offered.forms:
            name = resolve(urlsplit(form.action).path).url_name or ""
            known = self.forms.setdefault(name, [])
            if len(known) < PER_ROUTE and form not in [one for _, one in known]:
                known.append((address, form))
        links = (urldefrag(urljoin(address, one)).url for one in offered.links)
        return [link for link in links if _ours(link)]

    def send_all(self, *, but: frozenset[str] = frozenset()) -> Counter[int]:
        """Send each form by each of its buttons as it stands, each into the same rows; a refusal of an unfilled field (400) or of
        a conflict (409) is an answer, everything else over 399 is a fault."""
        statuses: Counter[int] = Counter()
        chosen = [one for route, forms in self.forms.items() if route not in but for one in forms]
        for page, form in chosen:
            for fields in form.ways:
                status = self._send(form, fields)
                statuses[status] += 1
                if status >= 400 and status not in {400, 409}:
                    self.faults.append(f"{status} {form.method} {form.action} (a form of {page})")
        return statuses

    def _send(self, form: Form, filled: tuple[tuple[str, str], ...]) -> int:
        fields: dict[str, list[str]] = {}
        for name, value in (*parse_qsl(urlsplit(form.action).query), *filled):
            fields.setdefault(name, []).append(value)
        send = self.client.post if form.method == "post" else self.client.get
        with transaction.atomic(), transaction.atomic(using="telemetry"):
            status = send(urlsplit(form.action).path, fields).status_code
            transaction.set_rollback(True)
            transaction.set_rollback(True, using="telemetry")
        return int(status)


def _is_sent(kind: str, *, checked: bool) -> bool:
    return kind not in {"file", "submit"} and (checked or kind not in {"checkbox", "radio"})


def _ours(link: str) -> bool:
    parts = urlsplit(link)
    return not parts.scheme and not parts.netloc and not parts.path.startswith("/static/")
