"""Proposes which source records are about one person, and says why. Read `data/settings.yaml` first, then `running.py`.

Source records are never changed. What comes out is a proposal: edges with every weight that made them, and clusters
that are worked out again from the edges each time. People decide in `pole`.
"""

from fourfold.pipeline.resolution.explanation import Step, steps, words
from fourfold.pipeline.resolution.model import Model, load_model
from fourfold.pipeline.resolution.running import Counts, Resolution, resolve
from fourfold.pipeline.resolution.settings import Settings, SettingsWrong, load_settings

__all__ = [
    "Counts",
    "Model",
    "Resolution",
    "Settings",
    "SettingsWrong",
    "Step",
    "load_model",
    "load_settings",
    "resolve",
    "steps",
    "words",
]
