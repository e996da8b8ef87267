"""The one exception for what a user can put right; the command line prints its sentence and exits with code 2."""


class UserError(Exception):
    """A mistake in what was given: the message says what was received, where, and what would be right."""
