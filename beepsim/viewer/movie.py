"""MP4 files: H.264, as browsers and players take it, by PyAV, which ships its encoder."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import numpy as np

from beepsim.errors import UserError

CODEC = "libx264"
QUALITY = "20"  # constant rate factor: lower is better; thin lines on a dark field begin to smear at 24
BT_709 = 1  # FFmpeg's number for the colours of high definition, in four of its lists


def check_encoder() -> None:
    """Raises UserError, before anything is drawn, where the library or its encoder is missing."""
    try:
        import av
    except ImportError:
        raise UserError(
            "an .mp4 needs PyAV, which is not installed: pip install 'beepsim[film]', or: pip install av"
        ) from None
    if CODEC not in av.codecs_available:
        raise UserError(f"this PyAV has no encoder {CODEC}; its wheel has: pip install --force-reinstall av")


def write_movie(path: Path, pictures: Iterable[np.ndarray], width: int, height: int, rate: float) -> None:
    """Writes the pictures [H, W, 3] u1, `rate` of them a second; both sides are even."""
    import av
    from av.video.reformatter import Colorspace
    from av.video.stream import VideoStream

    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream(CODEC, rate=Fraction(rate).limit_denominator(1000))
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"crf": QUALITY, "tune": "animation", "preset": "veryfast"}
        context = stream.codec_context
        context.colorspace = context.color_primaries = context.color_trc = context.color_range = BT_709
        for picture in pictures:
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame = frame.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
