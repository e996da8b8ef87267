"""The engine and our bots against battles of the real Robocode, value by value."""
