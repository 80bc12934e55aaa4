"""The built-in practice provider: takes no money, but behaves like somebody who does."""
