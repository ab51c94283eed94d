"""Reads a web page: its title, headings and links. Give it {"url": "..."}, or {"html": "..."} to try the reading
without the web. With a schedule it is a watch: compare what it finds with what it found before.
"""

import urllib.request
from html.parser import HTMLParser
from urllib.parse import urljoin

MOST_BYTES = 2_000_000  # a page has no end unless somebody gives it one
HEADINGS = ("h1", "h2", "h3")
RESERVE_S = 0.5


def lambda_handler(event, context):
    url = event.get("url", "")
    if "html" in event:
        text = event["html"]
    else:
        url, text = fetch(url, timeout=context.get_remaining_time_in_millis() / 1000 - RESERVE_S)
    page = Page(url)
    page.feed(text)
    print(f"{url or 'the given page'}: {len(page.headings)} headings, {len(page.links)} links")
    return {"title": page.title, "headings": page.headings, "links": page.links}


def fetch(url, timeout):
    """The page's address after all redirects, and its text; raises if it is no page or does not come in time."""
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"Not an address of the web: {url!r}")
    # Say who you are, and read robots.txt of the sites that you visit often.
    request = urllib.request.Request(url, headers={"user-agent": "functory-scraper"})
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        kind = answer.headers.get_content_type()
        if kind != "text/html":
            raise ValueError(f"{url} is {kind}, not a page")
        charset = answer.headers.get_content_charset() or "utf-8"
        return answer.url, answer.read(MOST_BYTES).decode(charset, errors="replace")


class Page(HTMLParser):
    """Collects while the parser reads. It takes broken pages as they come, as a browser does."""

    def __init__(self, url):
        super().__init__()
        self.url = url
        self.title = ""
        self.headings = []
        self.links = []
        self._inside = None  # the tag whose text is being collected
        self._text = []

    def handle_starttag(self, tag, attrs):
        if tag == "title" or tag in HEADINGS:
            self._inside, self._text = tag, []
        href = dict(attrs).get("href") if tag == "a" else None
        if href and not href.startswith(("#", "javascript:")):
            self.links.append(urljoin(self.url, href))

    def handle_data(self, data):
        if self._inside:
            self._text.append(data)

    def handle_endtag(self, tag):
        if tag != self._inside:
            return
        text = " ".join("".join(self._text).split())
        if tag == "title":
            self.title = text
        else:
            self.headings.append(text)
        self._inside = None
