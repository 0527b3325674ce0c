"""What worker processes share: importing this module once loads the libraries that reading and matching need.

Half of what a worker would load for itself is numba and its registries of types, which the first call of any compiled
kernel brings in; here that is done once, in the process that workers are forked from.
"""

from __future__ import annotations

import numpy as np

from wardround import reading
from wardround.detect import matcher
from wardround.readers import readers, shred_kernels

readers()
shred_kernels.signed(np.uint64(0))

__all__ = ["matcher", "reading"]
