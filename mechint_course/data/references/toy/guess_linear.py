guess_linear = None  # one of: "exactly 5", "6 to 9", "10 to 14", "all 20"
guess_linear = "exactly 5"
