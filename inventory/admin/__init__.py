"""Stock as it stands, how it came to that, and the rules that protect it."""

from inventory.admin import cases, feeds, rules, stock

__all__ = ["cases", "feeds", "rules", "stock"]
