"""From a fine-tuned checkpoint to a quantized GGUF model: one pass, no torch, no file in between."""
