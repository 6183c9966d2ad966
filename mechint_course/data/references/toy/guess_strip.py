guess_strip = None  # one of the four strings above
guess_strip = "with a flat stretch at 1/2"
