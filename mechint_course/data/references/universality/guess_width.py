guess_width = None  # one of: "under 5 %", "5 to 25 %", "over 25 %"
guess_width = "5 to 25 %"
