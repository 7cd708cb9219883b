"""What ships with the program: sample photo, icons, weights."""
