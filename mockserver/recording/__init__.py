"""Recordings that stay true: made from real answers once, replayed for ever, held against the cloud again.

A cassette is a folder with one JSON file for each interaction. What it keeps of an answer is its bytes,
cut as they came and with their times; nothing secret reaches the disk.
"""
