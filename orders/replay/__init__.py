"""Placing real trading days over HTTP, as a site would."""
