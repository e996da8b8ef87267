"""What the battle loop and a bot in Python agree on, beside VIEW, EVENT and COMMAND: when it is called, its faults."""

from dataclasses import dataclass

# Crew.waits: a robot that receives no event in a turn is not called until then; its orders are worked off meanwhile,
# as if it had been called and had ended its turn at once.
CALL_ALWAYS, UNTIL_MOVED, UNTIL_TURNED, UNTIL_GUN_TURNED, UNTIL_RADAR_TURNED, FOR_EVER = 0, 1, 2, 3, 4, 5
GONE = 6  # not called again in this round, whatever it receives

# Crew.verdicts: what becomes of a robot after its turn. DISABLE takes its energy, which it never regains in the round;
# KILL is Robocode's punishment for too many skipped turns, and leaves no score in the round.
INNOCENT, DISABLE, KILL = 0, 1, 2

MOST_FAULTS = 100  # that are kept in a battle of what a robot's handlers raise in one line; it may do so in every turn


@dataclass(frozen=True)
class Fault:
    """What a bot did wrong: `kind` is "raised", "looped", "too many calls" or "skipped too many turns"; `message` the
    traceback's text or a sentence."""

    round: int
    turn: int
    kind: str
    message: str
