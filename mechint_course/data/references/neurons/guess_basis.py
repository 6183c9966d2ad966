guess_basis = None  # one of the four strings above
guess_basis = "in the MLP only"
