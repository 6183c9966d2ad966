guess_shrinkage = None  # one of: "nearly all", "about half", "hardly any"
guess_shrinkage = "hardly any"
