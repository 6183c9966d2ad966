guess_memory = None  # one of: "a hundred times as much", "ten times as much", "as much as before"
guess_memory = "as much as before"
