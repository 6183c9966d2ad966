"""Starting a project, and scoring a dictionary at its end."""
