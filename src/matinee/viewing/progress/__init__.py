"""Where somebody is: bookmarks, continue watching, next episode, history."""
