guess_rotation = None  # one of the four strings above
guess_rotation = "only with neurons"
