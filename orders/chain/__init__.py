"""Loading a whole chain: the shipped demo chain, or real stores and products from files."""
