"""Match: move sliders until the photo looks like a target."""
