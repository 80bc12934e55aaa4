"""How titles come in by the thousand: readers of files, shapes of rows, and the loader."""
