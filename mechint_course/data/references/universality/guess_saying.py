guess_saying = None  # one of: "most say the same", "about half do", "most say something else"
guess_saying = "most say something else"
