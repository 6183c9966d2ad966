guess_split = None  # one of: "one", "two", "it makes no difference"
guess_split = "two"
