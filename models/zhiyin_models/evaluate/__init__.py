"""What quantization costs: perplexity, divergence and agreement against a reference; and what lowers it: importance matrices."""
