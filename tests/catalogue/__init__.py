"""Tests of `mockserver.catalogue`."""
