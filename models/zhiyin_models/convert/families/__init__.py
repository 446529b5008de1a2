"""One module for each family of models: how a checkpoint's tensors and configuration become a GGUF file's."""
