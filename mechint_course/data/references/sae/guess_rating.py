guess_rating = None  # one of: "latents far higher", "latents somewhat higher", "no difference", "neurons higher"
guess_rating = "latents somewhat higher"
