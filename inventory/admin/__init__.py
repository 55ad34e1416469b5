"""Stock as it stands, how it came to that, and the rules that protect it."""

from inventory.admin import cases, clocks, feeds, places, rules, signal_effects, stock

__all__ = ["cases", "clocks", "feeds", "places", "rules", "signal_effects", "stock"]
