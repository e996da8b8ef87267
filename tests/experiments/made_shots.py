"""Shots whose figures are known by hand."""

import numpy as np

from beepsim.targeting.replay import SHOT


def made_shots(hits, known=0, rounds=0, predicted=0.2, chance=0.1, log_density=0.0) -> np.ndarray:
    shots = np.zeros(len(hits), SHOT)
    shots["hit"], shots["known"], shots["round"] = hits, known, rounds
    shots["predicted"], shots["chance"], shots["log_density"] = predicted, chance, log_density
    return shots
