guess_points = None  # one of the four strings above
guess_points = "five examples in a pentagon"
