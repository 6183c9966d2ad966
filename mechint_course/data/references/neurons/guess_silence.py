guess_silence = None  # one of: "more than 1 nat", "between 0.1 and 1 nat", "less than 0.1 nat"
guess_silence = "between 0.1 and 1 nat"
