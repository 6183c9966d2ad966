guess_recovered = None  # one of: "under 50 %", "50 to 80 %", "80 to 90 %", "over 90 %"
guess_recovered = "80 to 90 %"
