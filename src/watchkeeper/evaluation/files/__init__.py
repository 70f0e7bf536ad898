"""Evaluates AWS Config's own files, snapshots and histories, with the same rules.

A snapshot of a large organization is a file of gigabytes. It is read in a stream: the reading process unpacks and cuts
it between items (``stream``), worker processes parse and judge (``judging``), and only counts, violations and what
rules have to know of other items come back (``running``). A file cut in an item, a broken gzip stream, an item that is
none: each is named by file and item, and all else is still evaluated.

A resource counts once, by its latest item, however many files it stands in. Of several snapshots of one account and
region, told by the names that Config gives them, the latest is read; the others are named in the result.
Pages: https://docs.aws.amazon.com/config/latest/developerguide/deliver-snapshot-cli.html, .../view-history.html.
"""
