"""The workshop kit."""
