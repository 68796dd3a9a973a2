"""The dialect of Anthropic's Messages, as the service speaks it below `/apps/anthropic`."""
