guess_top = None  # one of: "more than 90 %", "between 50 and 90 %", "between 10 and 50 %", "less than 10 %"
guess_top = "between 50 and 90 %"
