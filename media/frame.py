"""The one frame of the audio plane: 20 ms of mono at 8 kHz."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE: Final = 8_000
"[Hz]"
FRAME_SAMPLES: Final = 160
FRAME_MS: Final = 20
FRAME_SECONDS: Final = 0.020
GROUPS: Final = 4
"Phase groups: a leg's frame is due in every fourth tick."
TICK_SECONDS: Final = FRAME_SECONDS / GROUPS

Rows = NDArray[np.intp]
"Slots, shape (k,), each at most once."
Slots = NDArray[np.int32]
"The same, as the signal processing and agent planes take them."
Mask = NDArray[np.bool_]
Frames = NDArray[np.uint8]
"Companded frames, shape (k, 160)."
Pcm = NDArray[np.int16]
"Linear frames, shape (k, 160)."
