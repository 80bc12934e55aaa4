"""Texts as vectors: a model in this process, or an endpoint that speaks OpenAI's language."""
