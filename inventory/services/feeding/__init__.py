"""How a stock file takes effect: read through and staged, weighed, then applied by chunks."""
