"""Rules of the gate `overlap`: what the patch shares with the human commit."""
