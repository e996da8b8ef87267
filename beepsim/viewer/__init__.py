"""Replays: recording → film → scene of plain shapes → window, picture, film or web page."""

import os

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")  # pygame greets on standard output, where results go
