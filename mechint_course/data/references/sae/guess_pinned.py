guess_pinned = None  # one of: "the feature", "the best neuron", "the mean difference", "no clear winner"
guess_pinned = "the mean difference"
