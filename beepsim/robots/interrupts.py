"""What ends a blocking call otherwise than by returning. A bot's `except Exception` catches only the first."""


class RobotException(Exception):
    """The robot did what Robocode forbids: acting within Condition.test(), or before it is in a battle."""


class EventInterrupted(BaseException):
    """The handler is abandoned for a newer event of the same priority."""


class RoundOver(BaseException):
    """The robot is dead, or the round is: its calls do not return any more."""


class TooManyCalls(BaseException):
    """10,000 set- or get-calls without ending the turn."""


class Looped(BaseException):
    """The robot did not end its turn in time."""
