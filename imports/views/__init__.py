"""Import Users: the way to an import, step by step, and what became of it."""
