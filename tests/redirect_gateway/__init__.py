"""A payment service with a page of its own, for the tests: its server, and the gateway to it."""
