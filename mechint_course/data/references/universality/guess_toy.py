guess_toy = None  # one of: "nearly all 12", "about half", "one or two, as luck gives"
guess_toy = "one or two, as luck gives"
