guess_plain_score = None  # one of: "latents of the trained model", "neurons of the trained model", "latents of the random model"
guess_plain_score = "latents of the random model"
