"""Battles on disk: one file each, and the reference traces they are held against."""
