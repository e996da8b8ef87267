"""What a robot prints: kept, the latest 100,000 characters of it, and shown to nobody unless asked."""

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
        self._parts.append(text[-MOST_CHARACTERS:])
        self._length += len(self._parts[-1])
        while self._length - len(self._parts[0]) >= MOST_CHARACTERS:
            self._length -= len(self._parts.popleft())
        return len(text)

    def flush(self) -> None:
        """Nothing waits to be written."""

    def _text(self) -> str:
        return "".join(self._parts)[-MOST_CHARACTERS:]
