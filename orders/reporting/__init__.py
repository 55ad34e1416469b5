"""Reports: the days of each store made up, and read as measures."""
