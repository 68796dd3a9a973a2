"""Tests of the room `mockserver/dialects/native`."""
