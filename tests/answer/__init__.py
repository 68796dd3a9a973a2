"""Tests of `mockserver.answer`."""
