"""Connections that never opened."""

CAPTURES = {}
