"""The words of the pipeline: what a judge is asked, what it answered, what timing found, and the verdict. Pure."""
