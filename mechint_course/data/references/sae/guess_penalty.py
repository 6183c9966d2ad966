guess_penalty = None  # one of: "it rises", "it falls", "it rises, then falls", "it stays the same"
guess_penalty = "it rises, then falls"
