"""Zhiyin (知音): a private desktop chat with local quantized models."""

__version__ = "0.1.0"
