"""Turns the streams of records and events into rows, in bulk and once. Runs no function and serves no page."""
