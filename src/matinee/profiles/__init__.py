"""The people of a household: profiles, PINs, preferences, avatars."""
