"""The rails of the home screen: which titles stand in them, and why."""
