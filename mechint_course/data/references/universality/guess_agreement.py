guess_agreement = None  # one of: "features agree more", "neurons agree more", "about the same"
guess_agreement = "features agree more"
