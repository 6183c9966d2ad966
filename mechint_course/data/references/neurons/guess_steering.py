guess_steering = None  # one of: "the neuron", "the direction", "about the same"
guess_steering = "the direction"
