guess_dead = None  # one of: "hardly any", "about one in ten", "a third or more"
guess_dead = "about one in ten"
