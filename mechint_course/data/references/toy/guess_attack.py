guess_attack = None  # one of the four strings above
guess_attack = "damage grows with the features per dimension"
