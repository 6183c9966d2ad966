guess_sets = None  # one of the four strings above
guess_sets = "together: right angle, never together: opposite"
