"""Records read and written word by word: an index into a memoryview costs a third of a numpy record's field."""

from typing import Any

import numpy as np


def words(array: np.ndarray, code: str) -> Any:
    """The memory of an array as doubles ("d"), int64 ("q") or bytes ("B"): a memoryview, typed as what it takes."""
    return memoryview(array.view(np.uint8).data).cast(code)  # type: ignore[call-overload]


def word_of(dtype: np.dtype, *names: str) -> tuple[int, ...]:
    """Places of these fields of a record, in words of 8 bytes."""
    return tuple(byte // 8 for byte in byte_of(dtype, *names))


def byte_of(dtype: np.dtype, *names: str) -> tuple[int, ...]:
    """Places of these fields of a record, in bytes."""
    assert dtype.fields is not None
    return tuple(int(dtype.fields[name][1]) for name in names)
