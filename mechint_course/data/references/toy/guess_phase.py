guess_phase = None  # one of the three strings above
guess_phase = "it comes in at full length, all at once"
