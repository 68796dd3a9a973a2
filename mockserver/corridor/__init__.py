"""The way of a request from the door to the bytes of its answer. No sockets."""
