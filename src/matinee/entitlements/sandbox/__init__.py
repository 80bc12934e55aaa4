"""The counter of the practice provider: where payers, banks and the passing of time are played."""
