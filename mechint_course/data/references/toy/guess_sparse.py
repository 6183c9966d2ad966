guess_sparse = None  # one of: "two features at a right angle", "two opposite pairs", "a regular pentagon", "a fan within a quarter turn"
guess_sparse = "a regular pentagon"
