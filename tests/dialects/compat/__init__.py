"""Tests of the room `mockserver/dialects/compat`."""
