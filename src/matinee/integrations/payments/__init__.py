"""Who takes the money: providers behind one protocol."""
