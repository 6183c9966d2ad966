guess_dense = None  # one of the four strings above
guess_dense = "two features at a right angle"
