"""Tables of an audit, one per file, found by a scan."""
