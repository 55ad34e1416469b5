"""What customers text: read, acted on, answered, or left for people to answer."""
