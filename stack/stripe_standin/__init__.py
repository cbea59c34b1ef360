"""A stateful stand-in for the part of Stripe that Deskmint uses, for development and tests."""
