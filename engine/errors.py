"""The one error that is meant to be read by a photographer."""


class PhotofinishError(Exception):
    """Something the user can act on; its text is one plain sentence, shown as it is."""
