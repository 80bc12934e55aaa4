"""What profiles make of channels and the guide: favourites, their own order, reminders."""
