"""Tests of the server: in process, and over real sockets."""
