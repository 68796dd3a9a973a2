"""Tests of `mockserver.rules`."""
