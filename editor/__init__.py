"""The desktop editor: a Qt window over the engine."""
