guess_width = None  # one of: "under 10 %", "10 to 40 %", "over 40 %"
guess_width = "10 to 40 %"
