guess_detector = None  # one of: "the best neuron", "the table of tokens", "the probe", "no clear winner"
guess_detector = "the probe"
