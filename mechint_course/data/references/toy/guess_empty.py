guess_empty = None  # one of: 0.05, 0.25, 0.77, 0.99
guess_empty = 0.77
