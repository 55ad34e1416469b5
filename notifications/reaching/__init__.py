"""When nobody confirms that a customer got what he must know: the next channel, then a call."""
