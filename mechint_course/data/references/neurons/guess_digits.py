guess_digits = None  # one of: "one", "two or three", "four or more"
guess_digits = "four or more"
