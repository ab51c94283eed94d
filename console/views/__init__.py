"""One module per noun: access check, parse, one service or query, answer."""
