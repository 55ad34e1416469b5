"""The clocks of a store's work, which run while it is open: accept, collect, or lose it."""
