"""Who is asking: accounts, sessions, sign-in of televisions, staff and what they may do."""
