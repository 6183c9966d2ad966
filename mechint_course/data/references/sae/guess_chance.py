guess_chance = None  # one of: "about 0", "0.1 to 0.3", "0.3 to 0.5", "over 0.5"
guess_chance = "0.1 to 0.3"
