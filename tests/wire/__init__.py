"""Tests of `mockserver.wire`."""
