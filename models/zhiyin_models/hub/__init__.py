"""Model hubs: what they have, and how it gets here."""
