"""Settings of the targeting tests."""

import torch

torch.set_num_threads(1)  # tensors of a few hundred numbers: a second thread only waits
