"""Drives in circles at full speed."""

import numpy as np


def move(command):
    command.distance = np.inf
    command.body_turn = np.inf
    command.max_turn_rate = 0.06  # rad per turn: a circle of 8 / 0.06 = 133 px
