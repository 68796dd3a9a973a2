"""Tests of the reports: every format tells the same run, and none trusts a client's text."""
