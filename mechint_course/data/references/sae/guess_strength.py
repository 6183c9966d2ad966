guess_strength = None  # one of: "the true strength", "a fixed share of it", "a fixed amount less", "a fixed amount more"
guess_strength = "a fixed share of it"
