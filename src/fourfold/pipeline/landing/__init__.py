"""Landing: what a source system sent is kept byte for byte, checked, and turned into text Parquet."""

from fourfold.pipeline.delivery import Landed
from fourfold.pipeline.landing.reception import land

__all__ = ["Landed", "land"]
