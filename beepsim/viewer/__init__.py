"""Replays: recording → film → scene of plain shapes → window, picture, film or web page."""
