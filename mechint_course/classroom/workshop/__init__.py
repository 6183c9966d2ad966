"""The workshop kit: everything that a room needs for a workshop, in one folder, and a stick for a room without internet."""
