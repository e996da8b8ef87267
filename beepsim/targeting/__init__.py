"""From rows to a density over angles, and from the density to an angle to fire at."""
