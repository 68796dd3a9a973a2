"""Recording and checking with a network: the proxy, the upstream, verify, drift."""
