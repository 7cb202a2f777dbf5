"""Evaluates a model on labelled messages, without torch; needs the extra `eval`."""
