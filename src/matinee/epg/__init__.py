"""Live television: channels, their guide, what is on, reminders, exports."""
