"""A store's POS: kept in step with its work, heard, and compared with it."""
