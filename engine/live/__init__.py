"""What a drag shows, on the CPU: the stages again, as compiled kernels over planes of float32.

Each operator here gives the picture of its stage's exact one, to within what a screen can show.
"""
