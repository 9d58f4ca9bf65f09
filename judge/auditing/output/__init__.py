"""What an audit writes and prints."""
