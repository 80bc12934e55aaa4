"""Importing guides: from a feed to airings of our channels, as a difference.

One import is one transaction over temporary tables, each made from the one before:

    feed -> guide_stage      what the feed says of wanted channels, as it says it   staging
         -> guide_airings    put right: ends, overlaps, repeats                      normalising
         -> guide_targets    which of our channels it fills, and from when on        precedence
         -> guide_new        the same on our channels                                normalising
         -> airings_new, airings_old -> schedule_entries                             epg/airings
"""
