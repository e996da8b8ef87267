"""What a bot author imports, and how bots are found and run."""
