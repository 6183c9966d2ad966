"""From the one source to the learner's notebook and back: building, merging, opening."""
