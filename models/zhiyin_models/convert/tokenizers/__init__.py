"""From a checkpoint's tokenizer to a GGUF vocabulary, proven by tokenizing with both."""
