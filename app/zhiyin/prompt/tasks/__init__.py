"""Tasks: reusable prompts with fields and examples."""
