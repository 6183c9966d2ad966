guess_written = None  # one of: "none", "a few", "about half", "nearly all"
guess_written = "a few"
