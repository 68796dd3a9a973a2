"""The client programs: one line of JSON in (a job), one line of JSON out (a report)."""
