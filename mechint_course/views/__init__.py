"""What a learner moves or reads: explorers, and tokens in colour. All of it works without a network."""
