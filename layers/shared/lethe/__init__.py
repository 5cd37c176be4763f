"""Lethe: a GDPR-compliant archive of messages."""
