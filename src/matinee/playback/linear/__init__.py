"""Our own linear channels: plans, what they make of time, the guide and what really plays."""
