"""The page on which a customer says how he wants to be told, and where he ends it."""
