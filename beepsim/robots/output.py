"""What a robot prints: shown, and kept beside what the engine has to tell it, the latest 100,000 characters."""

import sys
from collections import deque

MOST_CHARACTERS = 100_000


class Output:
    """Java's `out`: `print`, `println`; and Python's, for print(…, file=self.out)."""

    __slots__ = ("_parts", "_length")

    def __init__(self) -> None:
        self._parts: deque[str] = deque()
        self._length = 0

    def print(self, value: object = "") -> None:
        self.write(str(value))

    def println(self, value: object = "") -> None:
        self.write(f"{value}\n")

    def printf(self, template: str, *values: object) -> None:
        self.write(template % values)

    def write(self, text: str) -> int:
        sys.stdout.write(text)
        self._keep(text)
        return len(text)

    def flush(self) -> None:
        sys.stdout.flush()

    def _note(self, line: str) -> None:
        """What the engine tells the robot, as on Robocode's console; not shown."""
        self._keep(f"{line}\n")

    def _keep(self, text: str) -> None:
        self._parts.append(text[-MOST_CHARACTERS:])
        self._length += len(self._parts[-1])
        while self._length - len(self._parts[0]) >= MOST_CHARACTERS:
            self._length -= len(self._parts.popleft())

    def _text(self) -> str:
        return "".join(self._parts)[-MOST_CHARACTERS:]
