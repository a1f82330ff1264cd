"""One class per kind of step. What else a new kind needs: CONTRIBUTING.md, "A kind of step"."""
