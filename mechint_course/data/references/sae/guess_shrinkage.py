guess_shrinkage = None  # one of: "L1", "top-k", "JumpReLU", "all alike"
guess_shrinkage = "L1"
