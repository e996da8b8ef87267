"""One YAML file, one experiment: data, split, sweep, evaluation, report."""
