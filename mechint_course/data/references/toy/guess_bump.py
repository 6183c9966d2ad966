guess_bump = None  # one of the four strings above
guess_bump = "it rises first, then falls"
