"""Django's PostgreSQL backend, less one round trip per request."""
