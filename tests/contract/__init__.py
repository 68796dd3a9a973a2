"""Tests of the contract kit."""
