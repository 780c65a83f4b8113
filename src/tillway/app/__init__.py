"""The composition roots: the only places that build things."""
