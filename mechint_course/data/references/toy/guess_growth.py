guess_growth = None  # one of: "exactly 5", "6 to 9", "10 to 14", "all 20"
guess_growth = "10 to 14"
