guess_absorbed = None  # one of: "nearly always", "about half the time", "seldom"
guess_absorbed = "about half the time"
