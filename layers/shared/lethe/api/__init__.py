"""HTTP: resolver, problem+json, callers."""
