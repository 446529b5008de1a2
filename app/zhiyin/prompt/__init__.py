"""From stored turns to what the engine is sent. No Qt."""
