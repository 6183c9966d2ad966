guess_exclusives = None  # one of: "nearly none", "about half", "nearly all"
guess_exclusives = "nearly all"
