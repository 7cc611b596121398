"""Words for what went wrong: of an outcome, of a call, of a difference, and of a whole finding."""
