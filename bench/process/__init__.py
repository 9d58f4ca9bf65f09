"""The processes and devices a session runs on."""
