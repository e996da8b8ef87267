"""Surfing: being where the enemy's bullets are not. Waves of its shots, what is dangerous on them, ways to go."""
