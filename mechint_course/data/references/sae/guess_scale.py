guess_scale = None  # one of: "both terms stay", "only the squared error rises", "only the penalty falls", "both terms change"
guess_scale = "only the penalty falls"
