"""The process in which llama.cpp reads a new vocabulary, which may end it, and tokenizes with it."""
