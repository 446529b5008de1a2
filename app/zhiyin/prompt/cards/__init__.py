"""Character cards: read from files that nobody vouches for, kept whole, and written again. No Qt."""
