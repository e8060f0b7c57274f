"""FINs sent again or never acknowledged, half-closes, peers that say no farewell."""

CAPTURES = {}
