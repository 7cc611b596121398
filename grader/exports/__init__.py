"""Results in the formats of other systems: one module per format."""
