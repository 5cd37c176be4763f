"""The envelope of format "lethe/1": pure."""
