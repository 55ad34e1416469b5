"""Past days of messages, made up once, so that months are read as fast as hours."""
