"""From a recording to rows: waves with guess factors, hit intervals and named features."""
