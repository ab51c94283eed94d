"""One e-mail a day in place of many: puts the items of its event into a digest and sends it.

Set SMTP_HOST (and SMTP_USER, SMTP_PASSWORD, MAIL_FROM, MAIL_TO) to send. Without a host it is a dry run that
gives the message back, so that you can read it before anybody gets it.
"""

import html
import os
import smtplib
from email.message import EmailMessage
from itertools import groupby

HOST = os.environ.get("SMTP_HOST", "")
SENDER = os.environ.get("MAIL_FROM", "digest@example.com")
RECEIVER = os.environ.get("MAIL_TO", "you@example.com")


def lambda_handler(event, context):
    items = sorted(event.get("items", []), key=lambda item: item["topic"])
    if not items:
        print("nothing to tell, so nothing is sent")
        return {"items": 0, "sent": False}
    message = compose(items)
    print(f"{len(items)} items for {RECEIVER}: {message['Subject']}")
    if not HOST:
        return {"items": len(items), "sent": False, "message": message.as_string()}
    send(message, timeout=context.get_remaining_time_in_millis() / 1000)
    return {"items": len(items), "sent": True}


def compose(items):
    """Text for whoever reads text, HTML for the rest: a mail program takes the last part that it knows."""
    message = EmailMessage()
    message["Subject"] = f"{len(items)} new: {', '.join(topics(items))}"
    message["From"] = SENDER
    message["To"] = RECEIVER
    message.set_content(as_text(items))
    message.add_alternative(as_html(items), subtype="html")
    return message


def topics(items):
    return [topic for topic, _ in by_topic(items)]


def by_topic(items):
    # groupby joins neighbours only: the items are sorted by topic.
    return [(topic, list(rows)) for topic, rows in groupby(items, key=lambda item: item["topic"])]


def as_text(items):
    lines = []
    for topic, rows in by_topic(items):
        lines += [topic, *(f"  - {row['title']}: {row['url']}" for row in rows), ""]
    return "\n".join(lines)


def as_html(items):
    # Titles come from elsewhere. Escaped, a title with a tag in it stays a title.
    parts = []
    for topic, rows in by_topic(items):
        parts.append(f"<h2>{html.escape(topic)}</h2><ul>")
        for row in rows:
            parts.append(f'<li><a href="{html.escape(row["url"])}">{html.escape(row["title"])}</a></li>')
        parts.append("</ul>")
    return "".join(parts)


def send(message, timeout):
    with smtplib.SMTP(HOST, 587, timeout=timeout) as server:
        server.starttls()
        if user := os.environ.get("SMTP_USER"):
            server.login(user, os.environ["SMTP_PASSWORD"])
        server.send_message(message)
