"""Watching over the hub's long-running processes from outside; ``hub.supervisor`` is the door."""
