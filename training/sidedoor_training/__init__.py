"""Makes the model: corpus tools, fine-tuning, calibration; needs the extra `train`."""
