"""The guide as viewers see it: channels, schedules, what is on now, search, a programme's page."""
