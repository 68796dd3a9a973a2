"""Tests of the importers, a module for each."""
