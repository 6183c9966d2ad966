guess_nested = None  # one of: "among the first 128", "anywhere", "among the last 2,048"
guess_nested = "among the first 128"
