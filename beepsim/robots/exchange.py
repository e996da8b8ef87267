"""What the battle loop and a bot in Python agree on, beside VIEW, EVENT and COMMAND: when to call it, what befell it."""

# Crew.waits: a robot that receives no event in a turn is not called until then; its orders are worked off meanwhile,
# as if it had been called and had ended its turn at once.
CALL_ALWAYS, UNTIL_MOVED, UNTIL_TURNED, UNTIL_GUN_TURNED, UNTIL_RADAR_TURNED, FOR_EVER = 0, 1, 2, 3, 4, 5

# Crew.verdicts: what becomes of a robot after its turn. DISABLE takes its energy, which it never regains in the round;
# KILL is Robocode's punishment for too many skipped turns, and leaves no score in the round.
INNOCENT, DISABLE, KILL = 0, 1, 2
