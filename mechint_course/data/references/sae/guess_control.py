guess_control = None  # one of: "much worse", "about as well", "better"
guess_control = "about as well"
