"""Stands still."""


def move(command):
    command.distance = 0.0
