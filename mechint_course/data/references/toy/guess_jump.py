guess_jump = None  # one of the four strings above
guess_jump = "one feature jumps up from near 0, and one that was alone makes room"
