"""Calibration for the export; the code is `sidedoor.calibration`, which evaluation uses too."""

from sidedoor.calibration import calibrate, choose_threshold, fit

__all__ = ["calibrate", "choose_threshold", "fit"]
