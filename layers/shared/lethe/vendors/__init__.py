"""Clients of vendors that send for the company: one call each, and what its answer means."""
