"""The LLM judge: what is asked, how it is sent, what came back, and what that is worth."""
