guess_wider = None  # one of: "precision and recall rise", "precision rises, recall falls", "both stay", "precision falls, recall rises"
guess_wider = "precision rises, recall falls"
