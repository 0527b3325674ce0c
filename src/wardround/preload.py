"""What worker processes share: importing this module once loads the libraries that reading and matching need."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType
from typing import cast

from wardround import reading
from wardround.detect import matcher

# pyarrow looks for dateutil with every constant whose type it has to find out, over half a millisecond each time when it is
# not there. An import that is known to fail fails at once.
if importlib.util.find_spec("dateutil") is None:
    sys.modules.setdefault("dateutil", cast(ModuleType, None))

__all__ = ["matcher", "reading"]
