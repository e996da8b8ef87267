"""Self-contained pages: what they may run is fixed by a hash, they load nothing, and nobody's name becomes code."""
