"""The nouns and the rules: no AWS, no clock, no environment."""
