"""Tests of `mockserver.meter`."""
