guess_dead = None  # one of: "under 1 in 50", "1 in 50 to 1 in 10", "more than 1 in 10"
guess_dead = "1 in 50 to 1 in 10"
