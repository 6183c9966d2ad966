guess_room = None  # one of: "fewer than 100", "exactly 100", "between 100 and 300", "more than 300"
guess_room = "more than 300"
