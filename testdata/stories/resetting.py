"""Connections that end in RST, and why."""

CAPTURES = {}
