"""The window of Photofinish: Qt views of one Document. The engine knows nothing of it."""
