"""Something that came back, or a price that came down, after the order was made ready."""
