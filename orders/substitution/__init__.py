"""Something else in place of what is missing: suggested, offered, answered."""
