"""The words of messages: their language, their versions, and what may not be in them."""
