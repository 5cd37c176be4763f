"""A channel's payload to domain nouns: pure."""
