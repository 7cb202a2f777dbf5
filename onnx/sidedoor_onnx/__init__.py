"""Exports a checkpoint: ONNX, fusion, int8, parity; needs the extra `export`."""
