"""The world of a battle: structured arrays in, structured arrays out, no Python objects."""
