"""OpenAI's agents, which ask for responses unless they are told otherwise."""
