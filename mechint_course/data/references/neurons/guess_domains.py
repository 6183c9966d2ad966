guess_domains = None  # one of: "one", "two or three", "four or more"
guess_domains = "two or three"
