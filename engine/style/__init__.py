"""Styles: sliders for each photo, learned from a collection of one look."""
