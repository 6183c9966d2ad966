guess_unit = None  # one of: "the feature, by far", "the feature, narrowly", "about the same", "the neuron"
guess_unit = "the feature, narrowly"
