"""What closed connections cost a host."""

CAPTURES = {}
