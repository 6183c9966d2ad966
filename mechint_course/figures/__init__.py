"""Pictures: data in, a matplotlib Figure out. Nothing here shows, saves or trains anything."""
