"""Files: written whole or not at all; Python source as the compiler reads it."""
