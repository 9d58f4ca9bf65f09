"""What a run leaves behind: records, their keys, the ledger they are kept in, and what is counted over them."""
