"""Analyses files and folders of messages with Ray Data; needs the extra `ray`.

The work is cut into parts. An actor reads a part, analyses it and writes it, so that no message
passes through Ray; a part counts as done once its record is written, and a rerun goes on with
the parts that have none.
"""
