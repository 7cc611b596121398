"""The record of a course: who handed in what, what it came to, and what people decided."""
