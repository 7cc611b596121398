"""Explains what went wrong: an outcome, a call, a difference, and a finding as a whole."""
