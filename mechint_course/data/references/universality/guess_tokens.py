guess_tokens = None  # one of: "about 0", "clearly above luck, but less than A and B", "as much as A and B"
guess_tokens = "clearly above luck, but less than A and B"
