"""Robocode duels by Robocode's rules, and the research on learned targeting that they feed.

Importing the package loads neither torch nor pygame; each room is imported by its own name.
"""

__version__ = "0.1.0"
