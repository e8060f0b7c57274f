"""The same five-tuple again."""

CAPTURES = {}
